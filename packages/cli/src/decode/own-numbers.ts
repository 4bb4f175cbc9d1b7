import { type Convention, callRows, hexId, type Interface, MAX_ARGUMENTS } from '@trapline/core';
import { operationOf, xenAbi } from '@trapline/xen';
import { UsageError } from '../command.js';
import { type ExplainedCall, explainCall } from './explain.js';
import { ownNumbers } from './interfaces.js';

/** What a number means in an interface that does not follow the SMC Calling Convention. */
export interface OwnExplanation {
  readonly id: string;
  readonly interface: string;
  /** By which instruction the call is made, and where its number is. */
  readonly how: string;
  /** Null for numbers that the interface does not declare. */
  readonly call: ExplainedCall | null;
  readonly notes: readonly string[];
}

/** Explains numbers of one interface. Throws {@link UsageError} for one that is not among those with numbers of their own. */
export function explainOwn(name: string): (id: bigint, values: readonly bigint[]) => OwnExplanation {
  const abi = ownNumbers.find((candidate) => candidate.name === name);
  if (abi === undefined) {
    const names = ownNumbers.map((known) => known.name);
    throw new UsageError(`--interface knows ${names.slice(0, -1).join(', ')} and ${names.at(-1)}, not '${name}'`);
  }
  return (id, values) => {
    if (values.length > MAX_ARGUMENTS) {
      throw new UsageError(`a call has at most ${MAX_ARGUMENTS} arguments, not ${values.length}`);
    }
    const notes: string[] = [];
    return {
      id: hexId(Number(BigInt.asIntN(32, id))),
      interface: abi.name,
      how: howWords(abi.convention),
      call: id >> 32n === 0n ? callOf(abi, Number(BigInt.asIntN(32, id)), values, notes) : null,
      notes,
    };
  };
}

function callOf(abi: Interface, id: number, values: readonly bigint[], notes: string[]): ExplainedCall | null {
  const row = callRows(abi).find(({ name }) => name === abi.find(id)?.name);
  const origin = { interface: abi.name, title: abi.title, source: abi.source };
  if (abi.name === xenAbi.name) notes.push(...operationNotes(row?.name, values[0]));
  return row === undefined ? null : explainCall(abi, id, { ...row, ...origin }, values, notes);
}

/** Which sub-operation the first argument of one of Xen's hypercalls selects, and what it takes. */
function operationNotes(hypercall: string | undefined, command: bigint | undefined): readonly string[] {
  if (hypercall === undefined || command === undefined || command >> 32n !== 0n) return [];
  const operation = operationOf(hypercall, Number(command));
  if (operation === undefined) return [];
  const { name, structure, since, list, source } = operation;
  const what =
    structure === undefined ? 'no structure' : `${list === true ? 'a list of ' : ''}struct ${structure.name}`;
  return [`command ${command} is ${name}: ${what}; since ${since}, ${source}`];
}

/** `HVC #0x4a48, the number in X0 or R0`. */
function howWords({ conduits, immediates, selector }: Convention): string {
  const instruction = conduits.map((kind) => kind.toUpperCase()).join(' or ');
  const [from, to] = immediates[0] ?? [0, 0];
  const range = from === to ? `#0x${from.toString(16)}` : `#0x${from.toString(16)} to #0x${to.toString(16)}`;
  const where = selector === 'immediate' ? 'in the immediate' : `in X${selector.a64} or R${selector.a32}`;
  return `${instruction} ${range}, the number ${where}`;
}
