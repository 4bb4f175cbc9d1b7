import { CallFault, type Conduit, type Outcome, Pending, RETURNED } from '@trapline/core';
import { XEN_HYPERCALL_TAG } from '../abi/convention.js';
import type { OperandArea } from './operand-area.js';

/** Slot of the low half of X16, and of R12. */
const NUMBER_64 = 2 * 16;
const NUMBER_32 = 2 * 12;

/**
 * Hypercalls by registers: the number in X16 (R12), arguments from X0 (R0), the result in X0. Nothing here allocates.
 *
 * Results are int32: a value from 0, or a negated `ERRNO`. {@link high} has the other half of a long one. Throws
 * {@link CallFault} where the instruction does not return.
 */
export class Gate {
  readonly conduit: Conduit;
  readonly operands: OperandArea;

  constructor(conduit: Conduit, operands: OperandArea) {
    this.conduit = conduit;
    this.operands = operands;
  }

  /** A call with one argument. */
  call1(number: number, first: number): number {
    const { w } = this.conduit.caller;
    w[0] = first;
    w[1] = 0;
    return this.#go(number);
  }

  /** A call with two arguments that are no pointers. */
  call2(number: number, first: number, second: number): number {
    const { w } = this.conduit.caller;
    w[0] = first;
    w[1] = 0;
    w[2] = second;
    w[3] = 0;
    return this.#go(number);
  }

  /** A call with three arguments that are no pointers, or a null one. */
  call3(number: number, first: number, second: number, third: number): number {
    const { w } = this.conduit.caller;
    w[0] = first;
    w[1] = 0;
    w[2] = second;
    w[3] = 0;
    w[4] = third;
    w[5] = 0;
    return this.#go(number);
  }

  /** `op(command, operand)`: the operand stands in the operand area. */
  operation(number: number, command: number): number {
    this.#operand(1, command);
    return this.#go(number);
  }

  /** `op(command, operand, count)`. */
  list(number: number, command: number, count: number): number {
    const w = this.#operand(1, command);
    w[4] = count;
    w[5] = 0;
    return this.#go(number);
  }

  /** `op(command, value, operand)`. */
  valued(number: number, command: number, value: number): number {
    const w = this.#operand(2, command);
    w[2] = value;
    w[3] = 0;
    return this.#go(number);
  }

  /** `op(command, count, list)`: the pointer is to what operands point to. */
  buffer(number: number, command: number, count: number): number {
    const { w } = this.conduit.caller;
    const { listLow, listHigh } = this.operands;
    w[0] = command;
    w[1] = 0;
    w[2] = count;
    w[3] = 0;
    w[4] = listLow;
    w[5] = listHigh;
    return this.#go(number);
  }

  /** `op(command, operand, length, list, room)`: two buffers, each with its length. */
  twoBuffers(number: number, command: number, length: number, room: number): number {
    const w = this.#operand(1, command);
    const { listLow, listHigh } = this.operands;
    w[4] = length;
    w[5] = 0;
    w[6] = listLow;
    w[7] = listHigh;
    w[8] = room;
    w[9] = 0;
    return this.#go(number);
  }

  /** `op(operand)`. */
  single(number: number): number {
    const { w } = this.conduit.caller;
    const { low, high } = this.operands;
    w[0] = low;
    w[1] = high;
    return this.#go(number);
  }

  /** `op(operand, count)`. */
  singles(number: number, count: number): number {
    const { w } = this.conduit.caller;
    const { low, high } = this.operands;
    w[0] = low;
    w[1] = high;
    w[2] = count;
    w[3] = 0;
    return this.#go(number);
  }

  /** `op(command, operand)` that may keep the CPU waiting. */
  waiting(number: number, command: number): Pending<number> {
    this.#operand(1, command);
    return this.#wait(number);
  }

  /** `op(command)` that may keep the CPU waiting. */
  waitingBare(number: number, command: number): Pending<number> {
    const { w } = this.conduit.caller;
    w[0] = command;
    w[1] = 0;
    w[2] = 0;
    w[3] = 0;
    return this.#wait(number);
  }

  #wait(number: number): Pending<number> {
    const { caller } = this.conduit;
    const outcome = this.#execute(number);
    if (outcome.kind === 'inject') throw new CallFault(`xen hypercall ${number}`, outcome);
    return new Pending(outcome, () => (caller.w[0] as number) | 0);
  }

  /** The high half of the last result of the CPU that runs now, as int32. */
  get high(): number {
    return (this.conduit.caller.w[1] as number) | 0;
  }

  /** The last result as a long one: exact below 2^53. */
  get long(): number {
    const { w, width } = this.conduit.caller;
    return width === 64 ? this.high * 0x1_0000_0000 + (w[0] as number) : (w[0] as number) | 0;
  }

  #operand(register: 1 | 2, command: number): Uint32Array {
    const { w } = this.conduit.caller;
    const { low, high } = this.operands;
    w[0] = command;
    w[1] = 0;
    w[2 * register] = low;
    w[2 * register + 1] = high;
    return w;
  }

  #go(number: number): number {
    const outcome = this.#execute(number);
    if (outcome !== RETURNED) throw new CallFault(`xen hypercall ${number}`, outcome);
    return (this.conduit.caller.w[0] as number) | 0;
  }

  #execute(number: number): Outcome {
    const { caller, kind } = this.conduit;
    const { w } = caller;
    if (caller.width === 64) {
      w[NUMBER_64] = number;
      w[NUMBER_64 + 1] = 0;
    } else w[NUMBER_32] = number;
    return caller.execute(kind, XEN_HYPERCALL_TAG);
  }
}
