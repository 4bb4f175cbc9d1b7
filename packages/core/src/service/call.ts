import type { ConduitKind } from '../abi/convention.js';
import type { CallDeclaration } from '../abi/interface.js';
import type { Outcome, Returned } from '../outcome.js';
import { RETURNED } from '../outcome.js';
import type { Pe } from '../pe.js';

/**
 * The call in hand, as a handler sees it. One per CPU and level, used again for each call: nothing of it may be kept.
 *
 * Arguments are already narrowed as the interface (and the profile) say: argument `i` is `x[i]`, or the halves
 * `w[2i]` and `w[2i + 1]`. Read halves as int32 (`w[2i] | 0`) on the fast path: a Number above 2^31 that leaves a
 * function costs an allocation, as a BigInt does.
 */
export interface Call {
  readonly pe: Pe;
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
  /** The call's number, as int32, without the bits that do not select. */
  readonly id: number;
  /** What was declared under that number; undefined for a number that nobody declares. */
  readonly declaration: CallDeclaration | undefined;
  /** Whether 64 bits of arguments and results count. */
  readonly wide: boolean;
  readonly conduit: ConduitKind;
  readonly immediate: number;
  /** All ones where 32-bit results are sign-extended, zero where they are zero-extended. */
  readonly signMask: number;
  /** Slot of the first result register. */
  readonly result: number;
}

/** Answers one call. Never throws for what a guest does. */
export type Handler = (call: Call) => Outcome;

/** Returns a signed 32-bit result, widened as the interface says. */
export function returnInt(call: Call, value: number): Returned {
  const { w } = call.pe;
  const slot = call.result << 1;
  w[slot] = value;
  w[slot + 1] = (value >> 31) & call.signMask;
  return RETURNED;
}

/** Returns two halves as they are. */
export function returnHalves(call: Call, low: number, high: number): Returned {
  const { w } = call.pe;
  const slot = call.result << 1;
  w[slot] = low;
  w[slot + 1] = high;
  return RETURNED;
}

/** Sets a further result register (1 is the second) to two halves. */
export function setResult(call: Call, index: number, low: number, high: number): void {
  const { w } = call.pe;
  const slot = (call.result + index) << 1;
  w[slot] = low;
  w[slot + 1] = high;
}
