import type { WrapperDescription } from './description.js';
import type { CallConduit } from './encodings.js';

/** Registers of an SMCCC call: eight of arguments, and of results four (1.0) or all (1.2). */
const REGISTERS = 8;
const RESULTS = 4;
/** Registers of an SMCCC 1.2 call in A64. */
const REGISTERS_A64 = 18;

/** Registers 0 to 7 from as many parameters; the result is register 0: `long smccc_value(a0, …, a7)`. */
export function valueCall(conduit: CallConduit, immediate = 0): WrapperDescription {
  return { name: `smccc_value_${conduit}`, conduit, immediate, inputs: parameters(), outputs: [output(0)] };
}

/**
 * Registers 0 to 7 from as many parameters, registers 0 to 3 stored, and the quirk:
 * `void smccc_call(a0, …, a7, results, quirk)`, as Linux's `arm_smccc_smc` has it.
 */
export function registerCall(conduit: CallConduit, immediate = 0): WrapperDescription {
  const outputs = Array.from({ length: RESULTS }, (_, i) => output(i));
  return { name: `smccc_call_${conduit}`, conduit, immediate, inputs: parameters(), outputs, quirk: true };
}

/**
 * Every register of the convention in and out through memory: `void smccc_block(arguments, results)`; X0 to X17 in A64
 * (SMCCC 1.2), R0 to R7 in AArch32.
 */
export function blockCall(conduit: CallConduit, a64: boolean, immediate = 0): WrapperDescription {
  const count = a64 ? REGISTERS_A64 : REGISTERS;
  return {
    name: `smccc_block_${conduit}`,
    conduit,
    immediate,
    inputs: parameters(count),
    outputs: Array.from({ length: count }, (_, i) => output(i)),
    block: true,
  };
}

function parameters(count = REGISTERS): WrapperDescription['inputs'] {
  return Array.from({ length: count }, (_, register) => ({ register, parameter: `a${register}`, bits: 64 as const }));
}

function output(register: number): WrapperDescription['outputs'][number] {
  return { register, name: `r${register}`, bits: 64 };
}
