import { Pending, type Status, type UnknownStatus } from '@trapline/core';
import type { ErrnoName } from '../abi/errno.js';
import type { OperationSpec, OperationTable } from '../abi/operation.js';
import { xenStatus } from '../abi/status.js';
import type { InputOf, Structure, StructureFields, ValuesOf } from '../abi/structure.js';
import type { Gate } from './gate.js';
import { MAX_OPERAND } from './operand-area.js';

/** What a hypercall gives where it fails: one of Xen's errors; one without a name is kept by its number. */
export type XenError = Status<'xen', ErrnoName> | UnknownStatus<'xen'>;

/** How a hypercall takes its sub-operation: which arguments stand beside command and structure. */
export type Shape =
  /** `op(command, structure)`. */
  | 'operation'
  /** The same, of a call that may keep its CPU waiting. */
  | 'waiting'
  /** `op(command, structures, count)`. */
  | 'list'
  /** `op(command, value, structure)`. */
  | 'valued'
  /** `op(structure)`: the command is a field of it. */
  | 'single';

/** What stands before the structure in the typed function. */
type Before<Form extends Shape> = Form extends 'valued' ? [value: number] : [];

type Answer<Form extends Shape, Result> = Form extends 'waiting' ? Pending<Result> : Result;

/** The function of one sub-operation, from what its declaration says. */
export type OperationCall<S extends OperationSpec, Form extends Shape> = S extends {
  readonly structure: Structure<infer F>;
}
  ? Form extends 'list'
    ? (entries: readonly InputOf<F>[]) => readonly ValuesOf<F>[] | XenError
    : S['direction'] extends 'in'
      ? (...input: [...Before<Form>, input: InputOf<F>]) => Answer<Form, number | XenError>
      : (...input: [...Before<Form>, input?: InputOf<F>]) => Answer<Form, ValuesOf<F> | XenError>
  : (...input: Before<Form>) => Answer<Form, number | XenError>;

/** A typed function for every sub-operation of a hypercall. */
export type OperationClient<Specs extends readonly OperationSpec[], Form extends Shape> = {
  readonly [S in Specs[number] as S['name']]: OperationCall<S, Form>;
};

/**
 * Makes the typed client of a hypercall's sub-operations.
 *
 * A function gives the hypercall's result where its structure only goes in, and the structure as Xen left it where
 * something comes back; a list gives every entry, each with its own status. An error is a status of `xenStatus`. What
 * pointers within structures point to is the caller's business: `gate.operands` has a page for it.
 */
export function createOperations<const Specs extends readonly OperationSpec[], const Form extends Shape>(
  table: OperationTable<Specs>,
  gate: Gate,
  number: number,
  form: Form,
): OperationClient<Specs, Form> {
  const methods: Record<string, unknown> = {};
  for (const spec of table.all) methods[spec.name] = methodOf(spec, new Calls(gate, number, spec.command, form));
  return Object.freeze(Object.create(methods)) as OperationClient<Specs, Form>;
}

/** A result, or the error that it is. */
export function resultOf(code: number): number | XenError {
  return code < 0 ? errorOf(code) : code;
}

/** The error of a negated number. */
export function errorOf(code: number): XenError {
  return xenStatus.of(code);
}

type AnyStructure = Structure<StructureFields>;
type AnyInput = InputOf<StructureFields>;

function methodOf(spec: OperationSpec, calls: Calls): unknown {
  const { structure } = spec;
  if (structure === undefined) return (value?: number) => calls.bare(value);
  const plain = structure as AnyStructure;
  if (calls.form === 'list') return (entries: readonly AnyInput[]) => calls.list(plain, entries);
  const comesBack = spec.direction !== 'in';
  if (calls.form === 'valued') {
    return (value: number, input: AnyInput = {}) => calls.structured(plain, input, comesBack, value);
  }
  return (input: AnyInput = {}) => calls.structured(plain, input, comesBack);
}

/** The hypercall of one sub-operation. */
class Calls {
  readonly form: Shape;
  readonly #gate: Gate;
  readonly #number: number;
  readonly #command: number;

  constructor(gate: Gate, number: number, command: number, form: Shape) {
    this.#gate = gate;
    this.#number = number;
    this.#command = command;
    this.form = form;
  }

  /** Without a structure. The pointer is null: XENVER_pagesize answers for no other. */
  bare(value = 0): unknown {
    const { form } = this;
    if (form === 'waiting') return pendingResult(this.#gate.waitingBare(this.#number, this.#command));
    this.#gate.call3(this.#number, this.#command, form === 'valued' ? value : 0, 0);
    return resultOf(this.#gate.long);
  }

  structured(structure: AnyStructure, input: AnyInput, comesBack: boolean, value = 0): unknown {
    const bytes = structure.encode(input);
    const { operands } = this.#gate;
    operands.put(bytes);
    const read = (result: number): unknown => {
      if (result < 0 || !comesBack) return resultOf(result);
      operands.take(bytes);
      return structure.decode(bytes);
    };
    if (this.form !== 'waiting') return read(this.#make(value));
    const pending = this.#gate.waiting(this.#number, this.#command);
    return new Pending(pending.outcome, () => read(pending.result));
  }

  list(structure: AnyStructure, entries: readonly AnyInput[]): unknown {
    const { size, name } = structure;
    const most = Math.floor(MAX_OPERAND / size);
    if (entries.length > most) throw new RangeError(`${entries.length} entries of ${name}; one call takes ${most}`);
    const bytes = new Uint8Array(entries.length * size);
    entries.forEach((entry, i) => {
      structure.encode(entry, bytes.subarray(i * size));
    });
    this.#gate.operands.put(bytes);
    const result = this.#gate.list(this.#number, this.#command, entries.length);
    if (result < 0) return errorOf(result);
    this.#gate.operands.take(bytes);
    return entries.map((_, i) => structure.decode(bytes.subarray(i * size, (i + 1) * size)));
  }

  /** All 64 bits of the result count: a frame number can have more than 31. */
  #make(value: number): number {
    const gate = this.#gate;
    if (this.form === 'valued') gate.valued(this.#number, this.#command, value);
    else if (this.form === 'single') gate.single(this.#number);
    else gate.operation(this.#number, this.#command);
    return gate.long;
  }
}

function pendingResult(pending: Pending<number>): Pending<number | XenError> {
  return new Pending(pending.outcome, () => resultOf(pending.result));
}
