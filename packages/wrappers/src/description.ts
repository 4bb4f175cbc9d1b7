import type { CallConduit } from './encodings.js';

/** What a register holds at the call. */
export type WrapperInput = ConstantInput | ParameterInput;

/** A number that the wrapper itself puts there: a function id. */
export interface ConstantInput {
  readonly register: number;
  readonly constant: number | bigint;
}

/** A parameter of the wrapper. Those of 32 bits are zero-extended in A64. */
export interface ParameterInput {
  readonly register: number;
  readonly parameter: string;
  readonly bits: 32 | 64;
}

/** A register that holds a result. */
export interface WrapperOutput {
  readonly register: number;
  readonly name: string;
  readonly bits: 32 | 64;
}

/**
 * One wrapper, described without an interface: a C function that fills registers, executes the call and hands on what
 * comes back. Its parameters are the inputs' in their order, then a pointer to the results where those go to memory, then
 * the quirk.
 */
export interface WrapperDescription {
  /** The function's name, a C identifier. */
  readonly name: string;
  readonly conduit: CallConduit;
  readonly immediate: number;
  readonly inputs: readonly WrapperInput[];
  readonly outputs: readonly WrapperOutput[];
  /**
   * Where results go: `return`, the one output is the function's value; `memory`, they are stored through a pointer, one
   * after another with their natural sizes. Where absent: `return` for one output, `memory` for more.
   */
  readonly results?: 'return' | 'memory';
  /**
   * Parameters come through memory too: the function is `(const void *arguments, void *results)`, both arrays of whole
   * registers, as SMCCC 1.2's calls with X0 to X17 need it.
   */
  readonly block?: boolean;
  /**
   * A last parameter that may be NULL, `struct { int id; union { unsigned long a6; }; }`: where its id is 1, X6 (R6) is
   * stored after the call. Some firmware of Qualcomm's hands a session over there, to be given back when an interrupted
   * call is resumed.
   */
  readonly quirk?: boolean;
  /** Begins with BTI C: needed where the wrapper is called by pointer in guarded pages. A64 only. */
  readonly landingPad?: boolean;
}

/** The id of the quirk that stores X6. */
export const QUIRK_STORE_A6 = 1;
/** The register that it stores. */
export const QUIRK_REGISTER = 6;

/** Whether a register is filled by a parameter. */
export function isParameter(input: WrapperInput): input is ParameterInput {
  return 'parameter' in input;
}

/** Where a description's results go. */
export function resultsOf(description: WrapperDescription): 'none' | 'return' | 'memory' {
  if (description.outputs.length === 0) return 'none';
  if (description.block) return 'memory';
  return description.results ?? (description.outputs.length === 1 ? 'return' : 'memory');
}
