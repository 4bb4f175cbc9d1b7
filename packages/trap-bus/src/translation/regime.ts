import type { TranslationRegisters } from './registers.js';

/** Everything that decides how one access is translated (DDI 0487, D8.1). */
export interface Regime {
  /** Execution state of the exception level that controls the tables: which formats they have. */
  readonly state: 'a64' | 'a32';
  /** Two address ranges, with TTBR1 for the upper one (EL1&0); or one (EL2 without E2H, EL3). */
  readonly ranges: 1 | 2;
  /** Whether the access has the privilege of the controlling level, or is one of EL0. */
  readonly privileged: boolean;
  /** Low half of its SCTLR; of it count M (0), EE (25), and AFE (29) in AArch32. */
  readonly sctlr: number;
  readonly registers: TranslationRegisters;
  /**
   * Bits of physical address that the PE implements (ID_AA64MMFR0_EL1.PARange): 32, 36, 40, 42, 44, 48 or 52. With
   * 52, the PE has FEAT_LPA, FEAT_LPA2 and FEAT_LVA. AArch32 always has 40.
   */
  readonly addressBits: number;
  /** FEAT_HAFDBS: TCR_ELx.HA and HD work. Accesses are allowed as if the hardware updated; no table is written. */
  readonly managesFlags: boolean;
}

/** What an access does, as {@link import('@trapline/core').MemoryPort.translate} says it. */
export type Access = 'read' | 'write';

/**
 * Reads the 32-bit little-endian word at an aligned guest-physical address; a negative number where there is no memory.
 * The walk is pure: it changes nothing and reads nothing else.
 */
export type WordReader = (address: number) => number;

/** SCTLR.AFE (AArch32): AP[0] is the access flag. */
export const SCTLR_AFE = 0x2000_0000;
