/**
 * The call instructions as data.
 *
 * A64: DDI 0487 (Arm ARM for A-profile), C6.2 HVC and SMC. A32 and T32: F5.1 HVC and SMC; the same in DDI
 * 0406C, B9.3. A 32-bit T32 instruction is written here with its first halfword in bits 31:16.
 */
import type { InstructionSet } from './target.js';

/** The instructions that make calls upwards. */
export type CallConduit = 'hvc' | 'smc';

/** A part of the immediate: `bits` bits that stand at bit `at` of the instruction; first parts are the high ones. */
export interface ImmediateField {
  readonly at: number;
  readonly bits: number;
}

/** One encoding of one call instruction. */
export interface CallEncoding {
  readonly set: InstructionSet;
  readonly conduit: CallConduit;
  /** The fixed bits. */
  readonly value: number;
  /** Which bits are fixed. */
  readonly mask: number;
  /** The immediate, from its most significant part on. */
  readonly immediate: readonly ImmediateField[];
  /** Bits that should be zero: with others the behaviour is CONSTRAINED UNPREDICTABLE. */
  readonly shouldBeZero: number;
  /** The condition in bits 31:28, for A32: `any`, or `al` where every other condition is CONSTRAINED UNPREDICTABLE. */
  readonly condition?: 'any' | 'al';
}

/** All six of them. */
export const CALL_ENCODINGS: readonly CallEncoding[] = [
  {
    set: 'a64',
    conduit: 'hvc',
    value: 0xd400_0002,
    mask: 0xffe0_001f,
    immediate: [{ at: 5, bits: 16 }],
    shouldBeZero: 0,
  },
  {
    set: 'a64',
    conduit: 'smc',
    value: 0xd400_0003,
    mask: 0xffe0_001f,
    immediate: [{ at: 5, bits: 16 }],
    shouldBeZero: 0,
  },
  {
    set: 'a32',
    conduit: 'hvc',
    value: 0x0140_0070,
    mask: 0x0ff0_00f0,
    immediate: [
      { at: 8, bits: 12 },
      { at: 0, bits: 4 },
    ],
    shouldBeZero: 0,
    condition: 'al',
  },
  {
    set: 'a32',
    conduit: 'smc',
    value: 0x0160_0070,
    mask: 0x0ff0_00f0,
    immediate: [{ at: 0, bits: 4 }],
    shouldBeZero: 0x000f_ff00,
    condition: 'any',
  },
  {
    set: 't32',
    conduit: 'hvc',
    value: 0xf7e0_8000,
    mask: 0xfff0_f000,
    immediate: [
      { at: 16, bits: 4 },
      { at: 0, bits: 12 },
    ],
    shouldBeZero: 0,
  },
  {
    set: 't32',
    conduit: 'smc',
    value: 0xf7f0_8000,
    mask: 0xfff0_f000,
    immediate: [{ at: 16, bits: 4 }],
    shouldBeZero: 0x0000_0fff,
  },
];

/** A32's conditions, by the value of bits 31:28. 15 is no condition: other instructions stand there. */
export const CONDITIONS: readonly string[] = [
  'eq',
  'ne',
  'cs',
  'cc',
  'mi',
  'pl',
  'vs',
  'vc',
  'hi',
  'ls',
  'ge',
  'lt',
  'gt',
  'le',
  'al',
];

/** The condition "always". */
export const ALWAYS = 14;

/** The encoding of a call instruction in a set. */
export function encodingOf(set: InstructionSet, conduit: CallConduit): CallEncoding {
  return CALL_ENCODINGS.find((encoding) => encoding.set === set && encoding.conduit === conduit) as CallEncoding;
}

/** The largest immediate that a call instruction can hold: 16 bits, but 4 of SMC in A32 and T32. */
export function immediateLimit(set: InstructionSet, conduit: CallConduit): number {
  return 2 ** encodingOf(set, conduit).immediate.reduce((sum, { bits }) => sum + bits, 0) - 1;
}

/** The instruction's word (T32: first halfword on top), always executed. The immediate must not exceed the limit. */
export function callWord(set: InstructionSet, conduit: CallConduit, immediate: number): number {
  const { value, immediate: fields, condition } = encodingOf(set, conduit);
  let word = condition === undefined ? value : value | (ALWAYS << 28);
  let left = immediate;
  for (const { at, bits } of [...fields].reverse()) {
    word |= (left & (2 ** bits - 1)) << at;
    left >>>= bits;
  }
  return word >>> 0;
}
