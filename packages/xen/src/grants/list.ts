import { AGAIN, type Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { fail, type Hypercall, succeed } from '../calls/hypercall.js';
import { ENTRIES_PER_STEP } from './limits.js';

/** An operation on each structure of a list. */
export interface ListOperation {
  /** Bytes of one structure. */
  readonly size: number;
  /** What of it is written back: the field with the status, or all. */
  readonly writtenAt: number;
  readonly writtenBytes: number;
  /** Does the structure in the operand, and leaves its status there. */
  one(call: Hypercall): void;
}

/**
 * Does a list of structures in their order, each copied in, done, and its answer copied out before the next. A long list
 * is preempted between two: pointer and count then say what is left.
 *
 * -EFAULT for the first that cannot be read or written; those before it are done.
 */
export function eachOf(call: Hypercall, operation: ListOperation): Outcome {
  const { w } = call;
  const { memory } = call.domain;
  const { size } = operation;
  const count = w[4] as number;
  let low = w[2] as number;
  let high = w[3] as number;
  for (let i = 0; i < count; i++) {
    if (i === ENTRIES_PER_STEP) return again(call, w[0] as number, low, high, count - i);
    if (!memory.copyIn(call, low, high, size)) return fail(call, ERRNO.EFAULT);
    operation.one(call);
    if (!memory.copyOutPart(call, low, high, operation.writtenAt, operation.writtenBytes)) {
      return fail(call, ERRNO.EFAULT);
    }
    const next = (low + size) >>> 0;
    if (next < low) high = (high + 1) >>> 0;
    low = next;
  }
  return succeed(call);
}

/** Preempts: the call is made again with what is left. */
export function again(call: Hypercall, command: number, low: number, high: number, left: number): Outcome {
  const { w } = call;
  w[0] = command;
  w[1] = 0;
  w[2] = low;
  w[3] = high;
  w[4] = left;
  w[5] = 0;
  return AGAIN;
}
