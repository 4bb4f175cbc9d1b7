import { type Convention, SMCCC } from './convention.js';
import type { ValueType } from './value-type.js';

/** The arguments of a call, by name, in register order. */
export type Fields = Readonly<Record<string, ValueType<never, unknown>>>;

/** One call as a person declares it. */
export interface CallSpec {
  /** The call's number; for an SMCCC call with both conventions its SMC32 id. */
  readonly id: number;
  /** The SMC64 id of a call that has both. */
  readonly id64?: number;
  /** The version of the ABI that brought the call. */
  readonly since: string;
  /** The clause that defines it. */
  readonly clause: string;
  /** One sentence. */
  readonly summary: string;
  readonly arguments?: Fields;
  /**
   * One result type (read from the first result register), several by name, an empty object for a call that returns
   * nothing, or absent for a call that does not return.
   */
  readonly returns?: ValueType<never, unknown> | Fields;
  /** Names of the statuses that the specification lists for the call. */
  readonly errors?: readonly string[];
  /** Whether a caller may have to wait: its client gives a {@link Pending} result. */
  readonly waits?: boolean;
}

/** One call as everything else sees it. */
export interface CallDeclaration<Name extends string = string, Spec extends CallSpec = CallSpec> {
  readonly name: Name;
  /** The number, as int32. */
  readonly id: number;
  /** The SMC64 number of a call that has both, as int32. */
  readonly wideId: number | undefined;
  readonly spec: Spec;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly ValueType<never, unknown>[];
  /** Position of each argument: index into {@link Call.x}, for handlers. */
  readonly at: { readonly [A in keyof Spec['arguments'] & string]: number };
  readonly resultNames: readonly string[];
  readonly resultTypes: readonly ValueType<never, unknown>[];
}

/** A declared ABI: the one place that knows its numbers. */
export interface Interface<Calls extends Readonly<Record<string, CallSpec>> = Readonly<Record<string, CallSpec>>> {
  readonly name: string;
  readonly title: string;
  /** The documents that define it, with issue. */
  readonly source: string;
  readonly convention: Convention;
  readonly calls: { readonly [N in keyof Calls & string]: CallDeclaration<N, Calls[N]> };
  /** All calls in the order of the declaration. */
  readonly all: readonly CallDeclaration[];
  /** The call with this number in either form, or undefined. */
  find(id: number): CallDeclaration | undefined;
}

/** What {@link defineInterface} takes. */
export interface InterfaceSpec<Calls extends Readonly<Record<string, CallSpec>>> {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** The SMC Calling Convention where absent. */
  readonly convention?: Partial<Convention>;
  readonly calls: Calls;
}

/** Registers X0–X17 carry SMCCC 1.2 calls: no more arguments than this. */
export const MAX_ARGUMENTS = 17;

/**
 * Declares an ABI once; client, dispatch, trace words, tables and test shapes derive from it.
 *
 * Throws {@link DeclarationError} for two calls with one number, and for more than {@link MAX_ARGUMENTS} arguments.
 */
export function defineInterface<const Calls extends Readonly<Record<string, CallSpec>>>(
  spec: InterfaceSpec<Calls>,
): Interface<Calls> {
  const all: CallDeclaration[] = [];
  const byId = new Map<number, CallDeclaration>();
  const calls: Record<string, CallDeclaration> = {};
  for (const [name, call] of Object.entries(spec.calls)) {
    const declaration = declare(name, call);
    if (declaration.argumentNames.length > MAX_ARGUMENTS) {
      throw new DeclarationError(`${spec.name}.${name} has more than ${MAX_ARGUMENTS} arguments`);
    }
    for (const id of new Set([declaration.id, declaration.wideId])) {
      if (id === undefined) continue;
      const other = byId.get(id);
      if (other) throw new DeclarationError(`${spec.name}: ${other.name} and ${name} share the number ${hexId(id)}`);
      byId.set(id, declaration);
    }
    calls[name] = declaration;
    all.push(declaration);
  }
  return Object.freeze({
    name: spec.name,
    title: spec.title,
    source: spec.source,
    convention: Object.freeze({ ...SMCCC, ...spec.convention }),
    calls: Object.freeze(calls) as Interface<Calls>['calls'],
    all: Object.freeze(all),
    find: (id: number) => byId.get(id | 0),
  });
}

/** A declaration that contradicts itself; thrown where it is made, with both parties named. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError';
}

/** A call number as eight hexadecimal digits. */
export function hexId(id: number): string {
  return `0x${(id >>> 0).toString(16).padStart(8, '0')}`;
}

function declare(name: string, spec: CallSpec): CallDeclaration {
  const args = Object.entries(spec.arguments ?? {});
  const results = resultFields(spec.returns);
  return Object.freeze({
    name,
    id: spec.id | 0,
    wideId: spec.id64 === undefined ? undefined : spec.id64 | 0,
    spec,
    argumentNames: args.map(([key]) => key),
    argumentTypes: args.map(([, type]) => type),
    at: Object.freeze(Object.fromEntries(args.map(([key], index) => [key, index]))),
    resultNames: results.map(([key]) => key),
    resultTypes: results.map(([, type]) => type),
  });
}

function resultFields(returns: CallSpec['returns']): [string, ValueType<never, unknown>][] {
  if (returns === undefined) return [];
  return isValueType(returns) ? [['result', returns]] : Object.entries(returns);
}

/** Whether `returns` of a call is one type, as against several by name. */
export function isValueType(returns: ValueType<never, unknown> | Fields): returns is ValueType<never, unknown> {
  return typeof (returns as ValueType).write === 'function';
}
