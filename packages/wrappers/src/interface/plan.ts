import type { CallDeclaration, Interface, Status, ValueType } from '@trapline/core';
import { hexId, SMC64 } from '@trapline/core';
import type { CallConduit } from '../encodings.js';
import { WrapperError } from '../errors.js';
import { constantCase, snakeCase, valueName } from './names.js';

/** How wrappers of an interface are made. */
export interface InterfaceOptions {
  readonly conduit: CallConduit;
  /** The immediate, where the interface has several and a register selects the call. */
  readonly immediate?: number;
  /** Put before every function's name; the interface's name where absent. */
  readonly prefix?: string;
  /**
   * What the callee is trusted to keep: by SMCCC 1.0 it may change X0 to X17, by 1.1 only results and X0 to X3. `1.0` where
   * absent, since PSCI firmware need be no newer.
   */
  readonly smccc?: '1.0' | '1.1';
  /** Sets the function id's hint that no live SVE state is kept (SMCCC 1.3, bit 16), in A64. */
  readonly sveHint?: boolean;
  /** Begins every function of A64 with BTI C. */
  readonly landingPad?: boolean;
}

/** How wide a value is: a number of bits, or `word`, as wide as a register of the execution state. */
export type ValueWidth = 32 | 64 | 'word';

/** An argument or a result of a planned call. */
export interface PlannedValue {
  readonly name: string;
  readonly register: { readonly a64: number; readonly a32: number };
  readonly width: ValueWidth;
  readonly signed: boolean;
  /** The type's name in the interface: `mpidr`, `psci status`. */
  readonly type: string;
}

/** One call of an interface as wrappers in every language need it. */
export interface PlannedCall {
  readonly declaration: CallDeclaration;
  /** The function's name: `psci_cpu_on`. */
  readonly name: string;
  /** Its constants: `PSCI_CPU_ON`, and with `_64` the SMC64 form. */
  readonly constant: string;
  /** The number that an A64 caller uses, and the one of an AArch32 caller; undefined where it has none. */
  readonly ids: { readonly a64: number; readonly a32: number | undefined };
  readonly immediate: number;
  /** The register that selects the call, or undefined where the immediate does. */
  readonly selector: { readonly a64: number; readonly a32: number } | undefined;
  readonly arguments: readonly PlannedValue[];
  readonly results: readonly PlannedValue[];
}

/** What wrappers need of an interface; every {@link Interface} is one. */
export type DeclaredInterface = Pick<Interface, 'name' | 'title' | 'source' | 'convention' | 'all'>;

/** A whole interface, planned. */
export interface InterfacePlan {
  readonly abi: DeclaredInterface;
  readonly options: InterfaceOptions;
  readonly prefix: string;
  readonly calls: readonly PlannedCall[];
  /** Every status that a result may be, one list a namespace. */
  readonly statuses: readonly (readonly Status[])[];
  /** Every enumeration that arguments and results have. */
  readonly enumerations: readonly { readonly name: string; readonly names: Readonly<Record<string, number>> }[];
}

/** The SVE hint of an SMCCC function id (SMCCC 1.3 on). */
const SVE_HINT = 0x1_0000;
/** The last register of a call in AArch32: SMCCC's R7. */
const LAST_A32 = 7;

/**
 * Works out what every language needs to know of an interface's calls.
 *
 * Throws {@link WrapperError} for a conduit or an immediate that the interface does not have, for several immediates of
 * which none is chosen, and for names that come out the same.
 */
export function planInterface(abi: DeclaredInterface, options: InterfaceOptions): InterfacePlan {
  const { convention } = abi;
  if (!convention.conduits.includes(options.conduit)) {
    throw new WrapperError(
      `interface ${abi.name}`,
      `its calls do not come by ${options.conduit}`,
      `choose ${convention.conduits.join(' or ')}`,
    );
  }
  const prefix = snakeCase(options.prefix ?? abi.name);
  const calls = abi.all.map((declaration) => planCall(abi, declaration, prefix, options));
  const types = abi.all.flatMap(({ argumentTypes, resultTypes }) => [...argumentTypes, ...resultTypes]);
  const plan: InterfacePlan = {
    abi,
    options,
    prefix,
    calls,
    statuses: statusesOf(types),
    enumerations: enumerationsOf(types),
  };
  refuseTwins(plan);
  return plan;
}

/** The constant of a status: `PSCI_INVALID_PARAMETERS`. */
export function statusConstant(status: Status): string {
  return `${constantCase(status.namespace)}_${constantCase(status.name)}`;
}

/** The constant of an enumeration's value: `PSCI_AFFINITY_STATE_ON`. */
export function enumerationConstant(plan: InterfacePlan, enumeration: string, name: string): string {
  return `${constantCase(plan.prefix)}_${constantCase(enumeration)}_${constantCase(name)}`;
}

function planCall(
  abi: DeclaredInterface,
  declaration: CallDeclaration,
  prefix: string,
  options: InterfaceOptions,
): PlannedCall {
  const { convention } = abi;
  const { id, wideId } = declaration;
  const bySelector = convention.selector !== 'immediate';
  const wide = wideId ?? id;
  const narrowed = convention.narrow === 'by-id' && (wide & SMC64) === 0;
  const noA32 = convention.narrow === 'by-id' && convention.smc64NeedsA64 && (id & SMC64) !== 0;
  const values = (
    names: readonly string[],
    types: readonly ValueType<never, unknown>[],
    first: number,
  ): readonly PlannedValue[] =>
    names.map((name, i) => ({
      name: valueName(name),
      register: { a64: first + i, a32: first + i },
      width: widthOf(types[i] as ValueType, narrowed),
      signed: isSigned(types[i] as ValueType),
      type: (types[i] as ValueType).name,
    }));
  const planned = {
    declaration,
    name: `${prefix}_${snakeCase(declaration.name)}`,
    constant: `${constantCase(prefix)}_${constantCase(declaration.name)}`,
    immediate: bySelector ? immediateOf(abi, options) : id & 0xffff,
    selector: convention.selector === 'immediate' ? undefined : convention.selector,
    arguments: values(declaration.argumentNames, declaration.argumentTypes, convention.firstArgument),
    results: values(declaration.resultNames, declaration.resultTypes, convention.firstResult),
  };
  const hint = options.sveHint && (convention.ignoredBits & SVE_HINT) !== 0 ? SVE_HINT : 0;
  const last = Math.max(0, ...[...planned.arguments, ...planned.results].map(({ register }) => register.a32));
  return { ...planned, ids: { a64: (wide | hint) >>> 0, a32: noA32 || last > LAST_A32 ? undefined : id >>> 0 } };
}

/** The immediate that is asked for, 0 where the interface has that, or its only one. */
function immediateOf({ name, convention }: DeclaredInterface, { immediate }: InterfaceOptions): number {
  const belongs = (value: number): boolean => convention.immediates.some(([from, to]) => value >= from && value <= to);
  const [[from, to] = [0, 0], ...others] = convention.immediates;
  const chosen = immediate ?? (belongs(0) ? 0 : others.length === 0 && from === to ? from : undefined);
  if (chosen !== undefined && belongs(chosen)) return chosen;
  const ranges = convention.immediates.map(([low, high]) => (low === high ? `${low}` : `${low} to ${high}`));
  throw new WrapperError(
    `interface ${name}`,
    chosen === undefined ? 'it has several immediates' : `immediate ${chosen} is none of its own`,
    `choose one of ${ranges.join(', ')}`,
  );
}

function widthOf(type: ValueType<never, unknown>, narrowed: boolean): ValueWidth {
  if (type.bits === 'native') return narrowed ? 32 : 'word';
  return type.bits === 64 ? 'word' : 32;
}

/** Statuses are negative numbers; `i32` says so by its name. */
function isSigned(type: ValueType<never, unknown>): boolean {
  return type.statuses !== undefined || type.name === 'i32';
}

function statusesOf(types: readonly ValueType<never, unknown>[]): InterfacePlan['statuses'] {
  const byNamespace = new Map<string, Status[]>();
  for (const { statuses = [] } of types) {
    for (const status of statuses) {
      const list = byNamespace.get(status.namespace) ?? [];
      if (!list.some(({ name }) => name === status.name)) list.push(status);
      byNamespace.set(status.namespace, list);
    }
  }
  return [...byNamespace.values()];
}

function enumerationsOf(types: readonly ValueType<never, unknown>[]): InterfacePlan['enumerations'] {
  const byName = new Map<string, Readonly<Record<string, number>>>();
  for (const { name, names } of types) {
    if (names !== undefined) byName.set(name.replace(/ or .* status$/, ''), names);
  }
  return [...byName].map(([name, names]) => ({ name, names }));
}

function refuseTwins(plan: InterfacePlan): void {
  const seen = new Map<string, string>();
  const enter = (constant: string, what: string): void => {
    const other = seen.get(constant);
    if (other !== undefined) {
      throw new WrapperError(
        `interface ${plan.abi.name}`,
        `${other} and ${what} would both be ${constant}`,
        'rename one',
      );
    }
    seen.set(constant, what);
  };
  for (const { constant, declaration } of plan.calls) {
    enter(constant, `call ${declaration.name} (${hexId(declaration.id)})`);
    if (declaration.wideId !== undefined) enter(`${constant}_64`, `call ${declaration.name}, SMC64`);
  }
  for (const status of plan.statuses.flat()) enter(statusConstant(status), `status ${status.name}`);
  for (const { name, names } of plan.enumerations) {
    for (const key of Object.keys(names)) enter(enumerationConstant(plan, name, key), `${key} of ${name}`);
  }
}
