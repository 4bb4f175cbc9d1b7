import type { CallConduit } from './encodings.js';

/** The three instruction sets of the Arm architecture. */
export type InstructionSet = 'a64' | 'a32' | 't32';

/** Byte order of data, or of the units that instructions are fetched in. */
export type ByteOrder = 'little' | 'big';

/** What a wrapper is made for: an instruction set, and how data and instructions stand in memory. */
export interface Target {
  readonly name: TargetName;
  readonly set: InstructionSet;
  readonly data: ByteOrder;
  /**
   * Order of the bytes of an instruction (A64, A32: of its word; T32: of each halfword). Little everywhere except in
   * BE-32, where instructions are as big-endian as data.
   */
  readonly code: ByteOrder;
  /** In words: the endianness model under its name in the architecture. */
  readonly title: string;
}

/**
 * Every combination that the architecture has.
 *
 * A64's instructions are little-endian whatever SCTLR_ELx.EE says (DDI 0487, B2, endian support). BE-8 (ARMv6 on)
 * swaps data only; BE-32 (up to ARMv6, SCTLR.B) swaps both and is gone in ARMv7 (DDI 0406C, A3.3).
 */
export const TARGETS = {
  a64: { name: 'a64', set: 'a64', data: 'little', code: 'little', title: 'A64, little-endian' },
  'a64-be': { name: 'a64-be', set: 'a64', data: 'big', code: 'little', title: 'A64, big-endian data' },
  a32: { name: 'a32', set: 'a32', data: 'little', code: 'little', title: 'A32, little-endian' },
  'a32-be8': { name: 'a32-be8', set: 'a32', data: 'big', code: 'little', title: 'A32, BE-8' },
  'a32-be32': { name: 'a32-be32', set: 'a32', data: 'big', code: 'big', title: 'A32, BE-32' },
  t32: { name: 't32', set: 't32', data: 'little', code: 'little', title: 'T32, little-endian' },
  't32-be8': { name: 't32-be8', set: 't32', data: 'big', code: 'little', title: 'T32, BE-8' },
  't32-be32': { name: 't32-be32', set: 't32', data: 'big', code: 'big', title: 'T32, BE-32' },
} as const satisfies Readonly<Record<string, Omit<Target, 'name'> & { readonly name: string }>>;

/** A target's name. */
export type TargetName = 'a64' | 'a64-be' | 'a32' | 'a32-be8' | 'a32-be32' | 't32' | 't32-be8' | 't32-be32';

/**
 * Why no core executes this call instruction on this target, or undefined where cores do.
 *
 * The Virtualization Extensions are ARMv7's, where BE-32 no longer exists, so HVC has no BE-32 form that runs. SMC came
 * with ARMv6K's Security Extensions, which knew BE-32, but in A32 only: T32's SMC is ARMv7's (DDI 0406C, HVC
 * and SMC in B9.3).
 */
export function conduitProblem(conduit: CallConduit, target: Target): string | undefined {
  if (target.code !== 'big') return undefined;
  if (conduit === 'hvc') return 'HVC came with ARMv7, which has no BE-32';
  return target.set === 't32' ? 'SMC in T32 came with ARMv7, which has no BE-32' : undefined;
}

/** Resolves a target's name. */
export function targetOf(target: Target | TargetName): Target {
  return typeof target === 'string' ? TARGETS[target] : target;
}
