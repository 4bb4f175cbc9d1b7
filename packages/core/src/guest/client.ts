import type { CallDeclaration, CallSpec, Fields, Interface } from '../abi/interface.js';
import { isValueType } from '../abi/interface.js';
import type { ValueType } from '../abi/value-type.js';
import { type Outcome, RETURNED } from '../outcome.js';
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

/** Loads the number and executes the instruction: the register-level client. Arguments stand in the registers already. */
function invoker(plan: Plan, conduit: Conduit): (caller: Caller) => Outcome {
  const { selector, immediate, id32, id64 } = plan;
  if (selector === 'immediate') return (caller) => caller.execute(conduit.kind, immediate);
  const slot64 = 2 * selector.a64;
  const slot32 = 2 * selector.a32;
  return (caller) => {
    if (caller.width === 64) {
      caller.w[slot64] = id64;
      caller.w[slot64 + 1] = 0;
    } else caller.w[slot32] = id32;
    return caller.execute(conduit.kind, immediate);
  };
}

type AnyCall = (args?: Readonly<Record<string, unknown>>) => unknown;

function plainCall(plan: Plan, conduit: Conduit): AnyCall {
  const invoke = invoker(plan, conduit);
  const read = resultReader(plan);
  if (plan.names.length === 0) {
    return () => {
      const { caller } = conduit;
      const outcome = invoke(caller);
      if (outcome !== RETURNED) throw new CallFault(plan.name, outcome);
      return read(caller);
    };
  }
  const store = argumentStore(plan);
  return (args = {}) => {
    const { caller } = conduit;
    store(caller, args);
    const outcome = invoke(caller);
    if (outcome !== RETURNED) throw new CallFault(plan.name, outcome);
    return read(caller);
  };
}

function waitingCall(plan: Plan, conduit: Conduit): AnyCall {
  const store = argumentStore(plan);
  const invoke = invoker(plan, conduit);
  const read = resultReader(plan);
  return (args = {}) => {
    const { caller } = conduit;
    store(caller, args);
    const outcome = invoke(caller);
    if (outcome.kind === 'inject') throw new CallFault(plan.name, outcome);
    return new Pending(outcome, () => read(caller));
  };
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

function resultReader(plan: Plan): (caller: Caller) => unknown {
  const { returns, results, result, wide64 } = plan;
  if (returns) {
    const { read } = returns;
    return (caller) => read(caller, result, wide64 && caller.width === 64);
  }
  if (results.length === 0) return () => undefined;
  return (caller) => {
    const values: Record<string, unknown> = {};
    results.forEach(([name, type], i) => {
      values[name] = type.read(caller, result + i, wide64 && caller.width === 64);
    });
    return values;
  };
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
