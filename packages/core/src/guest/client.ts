import type { CallDeclaration, CallSpec, Fields, Interface } from '../abi/interface.js';
import { isValueType } from '../abi/interface.js';
import type { ValueType } from '../abi/value-type.js';
import { RETURNED } from '../outcome.js';
import { REGISTER_SLOTS, type Registers } from '../registers.js';
import { CallFault } from './call-fault.js';
import type { Caller, Conduit } from './conduit.js';
import { Pending } from './pending.js';

type In<T> = T extends ValueType<infer I, unknown> ? I : never;
type Out<T> = T extends ValueType<never, infer O> ? O : never;

/** The argument object of a call: `{ target, entry, context }`. */
export type ArgumentsOf<Spec extends CallSpec> = Spec['arguments'] extends Fields
  ? { readonly [A in keyof Spec['arguments']]: In<Spec['arguments'][A]> }
  : Readonly<Record<never, never>>;

/** What a call gives back: a value, several by name, or nothing. */
export type ResultOf<Spec extends CallSpec> =
  Spec['returns'] extends ValueType<never, unknown>
    ? Out<Spec['returns']>
    : Spec['returns'] extends Fields
      ? keyof Spec['returns'] extends never
        ? undefined
        : { readonly [R in keyof Spec['returns']]: Out<Spec['returns'][R]> }
      : undefined;

type Answer<Spec extends CallSpec> = Spec['waits'] extends true ? Pending<ResultOf<Spec>> : ResultOf<Spec>;

/** A typed function for every call of an interface. */
export type Client<Calls extends Readonly<Record<string, CallSpec>>> = {
  readonly [N in keyof Calls & string]: keyof ArgumentsOf<Calls[N]> extends never
    ? () => Answer<Calls[N]>
    : (args: ArgumentsOf<Calls[N]>) => Answer<Calls[N]>;
};

/** The client of a declared interface: `ClientOf<typeof psci>`. */
export type ClientOf<I> = I extends Interface<infer Calls> ? Client<Calls> : never;

/** Choices of a driver about the calls it makes. */
export interface ClientOptions<Names extends string> {
  /** Numbers in place of the declared ones (PSCI 0.1 takes them from the tree). */
  readonly ids?: { readonly [N in Names]?: number };
  /** Which form of a call that has both: the caller's own width where absent, as Linux calls. */
  readonly form?: 'native' | 'smc32';
  /** The immediate of the instruction; the first that the interface claims where absent. */
  readonly immediate?: number;
}

/**
 * Makes the typed client of an interface over a conduit.
 *
 * Calls throw {@link CallFault} where the instruction takes an exception instead of returning. Calls declared with
 * `waits` give a {@link Pending}.
 */
export function createClient<Calls extends Readonly<Record<string, CallSpec>>>(
  abi: Interface<Calls>,
  conduit: Conduit,
  options: ClientOptions<keyof Calls & string> = {},
): Client<Calls> {
  // A prototype, as a class's methods have: the engine knows their places, also of forty. An object filled by computed
  // names is a dictionary, where each call would look its method up.
  const methods: Record<string, unknown> = {};
  for (const declaration of abi.all) {
    const id = options.ids?.[declaration.name as keyof Calls & string];
    const plan = planOf(abi as unknown as Interface, declaration, id, options);
    methods[declaration.name] = declaration.spec.waits ? waitingCall(plan, conduit) : plainCall(plan, conduit);
  }
  return Object.freeze(Object.create(methods)) as Client<Calls>;
}

/** The spare slot of a register file. */
const UNSEEN_SLOT = 2 * (REGISTER_SLOTS - 1);

/** Everything about one call that is the same each time. */
interface Plan {
  readonly name: string;
  readonly id32: number;
  readonly id64: number;
  readonly wide64: boolean;
  readonly selector: { readonly a64: number; readonly a32: number } | 'immediate';
  readonly immediate: number;
  readonly first: number;
  readonly result: number;
  readonly names: readonly string[];
  readonly types: readonly ValueType<unknown, unknown>[];
  readonly returns: ValueType<never, unknown> | undefined;
  readonly results: readonly (readonly [string, ValueType<never, unknown>])[];
}

function planOf(
  abi: Interface,
  declaration: CallDeclaration,
  override: number | undefined,
  options: ClientOptions<string>,
): Plan {
  const { convention } = abi;
  const native = options.form !== 'smc32' && override === undefined ? declaration.wideId : undefined;
  const id32 = override === undefined ? declaration.id : override | 0;
  const id64 = native ?? id32;
  const { returns } = declaration.spec;
  const single = returns !== undefined && isValueType(returns);
  const byImmediate = convention.selector === 'immediate';
  return {
    name: `${abi.name}.${declaration.name}`,
    id32,
    id64,
    wide64: convention.narrow !== 'by-id' || override !== undefined || (id64 & 0x4000_0000) !== 0,
    selector: convention.selector,
    immediate: byImmediate ? id32 : (options.immediate ?? convention.immediates[0]?.[0] ?? 0),
    first: convention.firstArgument,
    result: convention.firstResult,
    names: declaration.argumentNames,
    types: declaration.argumentTypes as readonly ValueType<unknown, unknown>[],
    returns: single ? returns : undefined,
    results: single ? [] : declaration.resultNames.map((name, i) => [name, at(declaration.resultTypes, i)] as const),
  };
}

type AnyCall = (args?: Readonly<Record<string, unknown>>) => unknown;
type Read = (registers: Registers, slot: number, wide: boolean) => unknown;

/** Written out in one function: each call of a function that is not known in advance costs as much as the look-up. */
function plainCall(plan: Plan, conduit: Conduit): AnyCall {
  const { name, names, immediate, id32, id64, result, wide64 } = plan;
  const { slot64, slot32 } = selectorSlots(plan);
  const read = resultReader(plan);
  if (names.length === 0) {
    return () => {
      const { caller } = conduit;
      const { w } = caller;
      const a64 = caller.width === 64;
      if (a64) {
        w[slot64] = id64;
        w[slot64 + 1] = 0;
      } else w[slot32] = id32;
      const outcome = caller.execute(conduit.kind, immediate);
      if (outcome !== RETURNED) throw new CallFault(name, outcome);
      return read(caller, result, wide64 && a64);
    };
  }
  const store = argumentStore(plan);
  return (args = {}) => {
    const { caller } = conduit;
    const a64 = caller.width === 64;
    store(caller, args);
    select(plan, caller, slot64, slot32);
    const outcome = caller.execute(conduit.kind, immediate);
    if (outcome !== RETURNED) throw new CallFault(name, outcome);
    return read(caller, result, wide64 && a64);
  };
}

function waitingCall(plan: Plan, conduit: Conduit): AnyCall {
  const { slot64, slot32 } = selectorSlots(plan);
  const store = argumentStore(plan);
  const read = resultReader(plan);
  return (args = {}) => {
    const { caller } = conduit;
    store(caller, args);
    select(plan, caller, slot64, slot32);
    const outcome = caller.execute(conduit.kind, plan.immediate);
    if (outcome.kind === 'inject') throw new CallFault(plan.name, outcome);
    return new Pending(outcome, () => read(caller, plan.result, plan.wide64 && caller.width === 64));
  };
}

/** Where the number goes: past the registers that a call can see where it stands in the immediate. */
function selectorSlots({ selector }: Plan): { slot64: number; slot32: number } {
  if (selector === 'immediate') return { slot64: UNSEEN_SLOT, slot32: UNSEEN_SLOT };
  return { slot64: 2 * selector.a64, slot32: 2 * selector.a32 };
}

function select(plan: Plan, caller: Caller, slot64: number, slot32: number): void {
  const { w } = caller;
  if (caller.width === 64) {
    w[slot64] = plan.id64;
    w[slot64 + 1] = 0;
  } else w[slot32] = plan.id32;
}

type Store = (caller: Caller, args: Readonly<Record<string, unknown>>) => void;

function argumentStore(plan: Plan): Store {
  const { names, types, first } = plan;
  const [n0, n1, n2] = names as [string, string, string];
  const [t0, t1, t2] = types as [ValueType, ValueType, ValueType];
  switch (names.length) {
    case 0:
      return () => {};
    case 1:
      return (caller, args) => t0.write(caller, first, args[n0]);
    case 2:
      return (caller, args) => {
        t0.write(caller, first, args[n0]);
        t1.write(caller, first + 1, args[n1]);
      };
    case 3:
      return (caller, args) => {
        t0.write(caller, first, args[n0]);
        t1.write(caller, first + 1, args[n1]);
        t2.write(caller, first + 2, args[n2]);
      };
    default:
      return (caller, args) => {
        for (let i = 0; i < names.length; i++) at(types, i).write(caller, first + i, args[at(names, i)]);
      };
  }
}

function resultReader({ returns, results }: Plan): Read {
  if (returns) return returns.read;
  if (results.length === 0) return () => undefined;
  return (registers, slot, wide) => {
    const values: Record<string, unknown> = {};
    results.forEach(([name, type], i) => {
      values[name] = type.read(registers, slot + i, wide);
    });
    return values;
  };
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
