import type { ExecutionState } from '@trapline/core';
import type { Route } from './routing.js';

/** Bytes of an HVC or SMC: 4 in A64 and A32, and 4 in T32 too, whose encodings T1 are 32 bits wide (F5.1.66, F5.1.199). */
export const CALL_INSTRUCTION_SIZE = 4;

/**
 * The preferred return address of a call's exception, as bytes after the instruction (D1.3.1): HVC and an SMC that EL3
 * takes return to the next instruction; a trapped SMC and an undefined instruction to themselves.
 */
export function preferredReturn(taken: Route): 0 | 4 {
  return taken === 'el2' || taken === 'el3' ? CALL_INSTRUCTION_SIZE : 0;
}

/** AArch32 exceptions taken to EL1 or EL3 that the bus can enter. */
export type Aarch32Exception = 'undefined' | 'prefetch-abort' | 'data-abort';

/**
 * What the link register holds on entry, as bytes after the instruction that took the exception (Table G1-9): LR_und
 * +4 in A32 and +2 in T32, LR_abt +4 for a prefetch abort and +8 for a data abort.
 */
export function linkOffset(exception: Aarch32Exception, state: ExecutionState): number {
  if (exception === 'undefined') return state === 't32' ? 2 : 4;
  return exception === 'prefetch-abort' ? 4 : 8;
}
