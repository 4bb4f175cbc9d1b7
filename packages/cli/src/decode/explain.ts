import {
  type CallDeclaration,
  createRegisters,
  decodeCall,
  type Interface,
  MAX_ARGUMENTS,
  writeRegister,
} from '@trapline/core';
import { describeFunctionId } from '@trapline/smccc';
import { UsageError } from '../command.js';
import { interfaces } from './interfaces.js';

/** One argument of an explained call; `value` and `text` only where a value was given. */
export interface ExplainedArgument {
  readonly register: string;
  readonly name: string;
  readonly type: string;
  /** What the callee reads of the register. */
  readonly value?: string;
  /** The value in the words of its type. */
  readonly text?: string;
}

/** A call that an interface declares. */
export interface ExplainedCall {
  /** As its specification writes it. */
  readonly name: string;
  readonly interface: string;
  /** Its name in code. */
  readonly method: string;
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly clause: string;
  readonly since: string;
  /** Its numbers in either convention. */
  readonly ids: readonly string[];
  readonly arguments: readonly ExplainedArgument[];
  readonly returns: string;
  readonly errors: readonly { readonly name: string; readonly code: number | null }[];
}

/** Everything that a function id says, and its registers. */
export interface Explanation {
  readonly id: string;
  readonly kind: 'fast' | 'yielding';
  readonly width: 32 | 64;
  /** `number` is null for yielding calls, whose numbers do not say an owner. */
  readonly owner: { readonly number: number | null; readonly name: string };
  readonly number: string;
  readonly sveHint: boolean;
  /** The specification that has the id in its range. */
  readonly specification: { readonly name: string; readonly source: string } | null;
  /** Null for ids that no interface here declares. */
  readonly call: ExplainedCall | null;
  /** What is odd about the id or the values. */
  readonly notes: readonly string[];
}

/**
 * Explains X0 as a function id and what follows as X1, X2 and so on.
 *
 * Throws {@link UsageError} for more values than a call can have.
 */
export function explain(x0: bigint, values: readonly bigint[]): Explanation {
  if (values.length > MAX_ARGUMENTS) {
    throw new UsageError(`a call has at most ${MAX_ARGUMENTS} arguments, not ${values.length}`);
  }
  const id = Number(BigInt.asIntN(32, x0));
  const described = describeFunctionId(id, interfaces);
  const { call } = described;
  const abi = call && interfaces.find(({ name }) => name === call.interface);
  const notes = [...described.problems];
  if (x0 >> 32n !== 0n) notes.push(`SMCCC reads W0 only: the high half 0x${(x0 >> 32n).toString(16)} does not count`);
  return {
    id: described.id,
    kind: described.kind,
    width: described.width,
    owner: { number: described.owner.number ?? null, name: described.owner.name },
    number: described.number,
    sveHint: described.sveHint,
    specification: described.specification ?? null,
    call: call && abi ? explainCall(abi, id, call, values, notes) : null,
    notes,
  };
}

/** A call's row, and where it comes from. */
export type Described = NonNullable<ReturnType<typeof describeFunctionId>['call']>;

/** A declared call with what stands in its registers. Null for a number that the interface has not. */
export function explainCall(
  abi: Interface,
  id: number,
  call: Described,
  values: readonly bigint[],
  notes: string[],
): ExplainedCall | null {
  const registers = createRegisters();
  values.forEach((value, i) => {
    writeRegister(registers, abi.convention.firstArgument + i, value);
  });
  const decoded = decodeCall(abi, id, registers) ?? decodeCall(abi, id & ~abi.convention.ignoredBits, registers);
  if (decoded === undefined) return null;
  const { declaration } = decoded;
  const count = declaration.argumentNames.length;
  if (values.length > count) {
    notes.push(`${specificationName(call.name)} takes ${count} arguments; the other values are not read`);
  }
  const wide = abi.convention.narrow !== 'by-id' || (id & 0x4000_0000) !== 0;
  return {
    name: specificationName(call.name),
    interface: call.interface,
    method: call.name,
    title: call.title,
    summary: call.summary,
    source: call.source,
    clause: call.clause,
    since: call.since,
    ids: call.ids,
    arguments: decoded.arguments.map(({ name, text }, i) => {
      const type = declaration.argumentTypes[i];
      const narrow = !wide || type?.bits === 32;
      const value = values[i];
      return {
        register: `${wide ? 'x' : 'w'}${abi.convention.firstArgument + i}`,
        name,
        type: type?.name ?? '?',
        ...(value !== undefined && { value: hex(narrow ? BigInt.asUintN(32, value) : value), text }),
      };
    }),
    returns: call.results,
    errors: (declaration.spec.errors ?? [])
      .filter((name) => name !== 'SUCCESS')
      .map((name) => ({ name, code: codeOf(name, declaration, abi) })),
  };
}

/** How far status codes of any namespace here are from 0; Xen's and FF-A's are nearer. ePAPR's alone are positive. */
const FARTHEST_CODE = 64;

/**
 * The number of a status, in the words of the types that the call gives, or else others of its interface: a UID has no
 * status of its own, and is −1 where it is not there.
 */
function codeOf(name: string, declaration: CallDeclaration, abi: Interface): number | null {
  for (const { resultTypes } of [declaration, ...abi.all]) {
    for (const type of resultTypes) {
      for (let code = 1; code <= FARTHEST_CODE; code++) {
        if (type.show(-code, -1) === name) return -code;
        if (type.show(code, 0) === name) return code;
      }
    }
  }
  return null;
}

/** `cpuOn` is CPU_ON in the specification, `systemReset2` SYSTEM_RESET2. */
function specificationName(method: string): string {
  return method.replace(/[A-Z]/g, '_$&').toUpperCase();
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
