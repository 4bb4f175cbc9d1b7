import { type Outcome, RETURNED } from '@trapline/core';
import type { Domain } from '../domain/domain.js';
import type { XenVcpu } from '../domain/vcpu.js';
import type { Operand } from './operand.js';

/**
 * A hypercall in hand, as its operation sees it: from a register-level call, or one entry of a multicall. One per vCPU
 * and depth, used again for each call: nothing of it may be kept.
 */
export interface Hypercall {
  readonly domain: Domain;
  readonly vcpu: XenVcpu;
  /**
   * Arguments in halves: argument `i` is `w[2i]`, `w[2i + 1]`; an AArch32 caller's high halves are zero. An operation
   * that is preempted rewrites them and gives `AGAIN`: it is called again with what stands here.
   */
  readonly w: Uint32Array;
  /** Where the guest's structure is copied to before it is looked at. */
  readonly operand: Operand;
  /** Whether this is an entry of a multicall. */
  readonly nested: boolean;
  /** The result, in halves. */
  low: number;
  high: number;
  /**
   * Set by an operation after which other vCPUs run first (a yield): a multicall is preempted behind it. An operation
   * that gives a wait needs not set it.
   */
  yielded: boolean;
}

/**
 * Answers one hypercall. Gives `RETURNED` with the result set ({@link succeed}, {@link fail}), `AGAIN` where it is
 * preempted, or another outcome (a wait, a system event) with the result for its return set.
 */
export type Operation = (call: Hypercall) => Outcome;

/** Returns a value that is not negative, below 2^31. */
export function succeed(call: Hypercall, value: number = 0): Outcome {
  call.low = value;
  call.high = 0;
  return RETURNED;
}

/** Returns an error: an {@link ERRNO}, given positive, that the caller reads negated in all 64 bits. */
export function fail(call: Hypercall, errno: number): Outcome {
  call.low = -errno;
  call.high = -1;
  return RETURNED;
}

/** Returns what a function gave that gives a value from 0, or a negated {@link ERRNO}. */
export function answer(call: Hypercall, value: number): Outcome {
  call.low = value;
  call.high = value >> 31;
  return RETURNED;
}
