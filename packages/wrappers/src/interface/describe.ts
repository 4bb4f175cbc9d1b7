import type { WrapperDescription } from '../description.js';
import type { InterfacePlan, PlannedCall, PlannedValue, ValueWidth } from './plan.js';

/**
 * A planned call as a wrapper for one execution state, or undefined where it has none there: SMC64 calls, and calls with
 * more registers than AArch32's convention has.
 */
export function describeCall(plan: InterfacePlan, call: PlannedCall, a64: boolean): WrapperDescription | undefined {
  const id = a64 ? call.ids.a64 : call.ids.a32;
  if (id === undefined) return undefined;
  const state = a64 ? 'a64' : 'a32';
  const at = ({ register }: PlannedValue): number => register[state];
  return {
    name: call.name,
    conduit: plan.options.conduit,
    immediate: call.immediate,
    inputs: [
      ...(call.selector ? [{ register: call.selector[state], constant: id }] : []),
      ...call.arguments.map((value) => ({
        register: at(value),
        parameter: value.name,
        bits: bitsOf(value.width),
      })),
    ],
    outputs: call.results.map((value) => ({ register: at(value), name: value.name, bits: bitsOf(value.width) })),
    landingPad: a64 && plan.options.landingPad === true,
  };
}

/** Bits in A64; AArch32 has no more than 32. */
function bitsOf(width: ValueWidth): 32 | 64 {
  return width === 32 ? 32 : 64;
}
