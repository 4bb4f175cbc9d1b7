import type { Caller, ConduitKind, Outcome } from '@trapline/core';
import type { Random } from './random.js';

/** First and last register that a callee may change under SMCCC 1.0 (DEN0028 1.5 F, 2.6): X4–X17 in AArch64. */
const SMCCC_1_0: readonly [first: number, last: number] = [4, 17];

/**
 * A caller behind which everything that the ABI lets a callee change is changed, after each call.
 *
 * Real hypervisors hide wrong clobber lists by changing little; a driver or a hand-written wrapper that relies on more
 * than the convention promises fails here. `results` is how many result registers the call has.
 */
export function hostileCaller(
  caller: Caller,
  random: Random,
  options: { readonly results?: number; readonly clobbered?: readonly [number, number] } = {},
): Caller {
  const [first, last] = options.clobbered ?? SMCCC_1_0;
  const results = options.results ?? 4;
  return {
    index: caller.index,
    width: caller.width,
    x: caller.x,
    w: caller.w,
    execute(conduit: ConduitKind, immediate: number): Outcome {
      const outcome = caller.execute(conduit, immediate);
      if (outcome.kind === 'returned') {
        for (let register = Math.max(results, first); register <= last; register++) {
          caller.w[2 * register] = random.bits();
          caller.w[2 * register + 1] = caller.width === 64 ? random.bits() : 0;
        }
      }
      return outcome;
    },
  };
}
