import { DeclarationError } from '@trapline/core';
import type { Structure } from './structure.js';

/** One sub-operation of a hypercall, as a person declares it. */
export interface OperationSpec {
  /** The number that selects it: the hypercall's first argument, or the `cmd` of its structure. */
  readonly command: number;
  /** Its name in camel case, without the hypercall's prefix: EVTCHNOP_alloc_unbound is `allocUnbound`. */
  readonly name: string;
  /** The structure that it takes by pointer; absent for operations that take none. */
  readonly structure?: Structure;
  /** Whether the guest hands the structure over, gets it back, or both; `none` where there is none. */
  readonly direction: 'in' | 'out' | 'inout' | 'none';
  /** Whether the pointer is to an array of the structure, its count the next argument. */
  readonly list?: boolean;
  /** The version of Xen that brought it; `3.0` for everything that ARM found there. */
  readonly since: string;
  /** Where its interface is defined. */
  readonly source: string;
}

/** The sub-operations of one hypercall. */
export interface OperationTable<Specs extends readonly OperationSpec[] = readonly OperationSpec[]> {
  /** The hypercall's name, as the interface of hypercalls has it. */
  readonly hypercall: string;
  readonly operations: { readonly [S in Specs[number] as S['name']]: S };
  /** All of them in the order of the declaration. */
  readonly all: Specs;
  /** The operation with this command (as uint32), or undefined. */
  find(command: number): OperationSpec | undefined;
}

/**
 * Declares the sub-operations of a hypercall once: the driver's clients, words of traces, tables of the README and shapes
 * for tests derive from it.
 *
 * Throws {@link DeclarationError} for two operations with one command or one name.
 */
export function defineOperations<const Specs extends readonly OperationSpec[]>(
  hypercall: string,
  specs: Specs,
): OperationTable<Specs> {
  const byCommand = new Map<number, OperationSpec>();
  const byName: Record<string, OperationSpec> = {};
  for (const spec of specs) {
    const same = byCommand.get(spec.command) ?? byName[spec.name];
    if (same) throw new DeclarationError(`${hypercall}: ${same.name} and ${spec.name} share a command or a name`);
    byCommand.set(spec.command, Object.freeze(spec));
    byName[spec.name] = spec;
  }
  return Object.freeze({
    hypercall,
    operations: Object.freeze(byName) as OperationTable<Specs>['operations'],
    all: specs,
    find: (command: number) => byCommand.get(command >>> 0),
  });
}
