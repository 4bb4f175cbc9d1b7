import type { InterfacePlan, PlannedCall } from '../interface/plan.js';

/** An execution state as emitters name it. */
export type State = 'a64' | 'a32';

/** Registers of a call that inline assembly names as operands, by number: what goes in, and what is read afterwards. */
export interface Operands {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The registers that a call uses. */
export function operandsOf(call: PlannedCall, state: State): Operands {
  const inputs = [...(call.selector ? [call.selector[state]] : []), ...call.arguments.map((v) => v.register[state])];
  const outputs = call.results.map((value) => value.register[state]);
  return { inputs, outputs };
}

/** Every register of a call once, in ascending order. */
export function allOperands(call: PlannedCall, state: State): readonly number[] {
  const { inputs, outputs } = operandsOf(call, state);
  return [...new Set([...inputs, ...outputs])].sort((a, b) => a - b);
}

/**
 * What the callee may change beside the operands.
 *
 * SMCCC 1.0 lets it change X0 to X17 (DEN0028 B, register use in AArch64); from 1.1 on X4 to X17 are kept unless they carry
 * results. In AArch32 R0 to R3; R12 is added since nothing says who owns it.
 */
export function clobbersOf(plan: InterfacePlan, call: PlannedCall, state: State): readonly number[] {
  const operands = allOperands(call, state);
  const last = state === 'a64' && plan.options.smccc !== '1.1' ? 17 : 3;
  const all = Array.from({ length: last + 1 }, (_, i) => i);
  if (state === 'a32') all.push(12);
  return all.filter((register) => !operands.includes(register));
}
