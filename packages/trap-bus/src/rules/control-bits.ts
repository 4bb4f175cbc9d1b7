/** HCR_EL2.TSC (D24.2.57): EL1's SMC is trapped to EL2. */
export const HCR_TSC: number = 1 << 19;
/** HCR_EL2.TGE: exceptions of EL0 that would go to EL1 go to EL2. */
export const HCR_TGE: number = 1 << 27;
/** HCR_EL2.HCD: HVC is disabled; RES0 where EL3 is implemented. */
export const HCR_HCD: number = 1 << 29;
/** HCR_EL2.RW: EL1 uses AArch64. */
export const HCR_RW: number = 1 << 31;

/** SCR_EL3.NS: EL2 and below are Non-secure. */
export const SCR_NS: number = 1 << 0;
/** SCR_EL3.SMD (AArch32: SCR.SCD): SMC is disabled. */
export const SCR_SMD: number = 1 << 7;
/** SCR_EL3.HCE: HVC is enabled. */
export const SCR_HCE: number = 1 << 8;
/** SCR_EL3.RW: the next lower level uses AArch64. */
export const SCR_RW: number = 1 << 10;
/** SCR_EL3.EEL2: Secure EL2 is enabled. */
export const SCR_EEL2: number = 1 << 18;

/** SCTLR_ELx.M: stage 1 translates. */
export const SCTLR_M: number = 1 << 0;
/** SCTLR.V (AArch32): vectors at 0xffff0000. */
export const SCTLR_V: number = 1 << 13;
/** SCTLR_ELx.SPAN: PSTATE.PAN stays as it is on taking an exception. */
export const SCTLR_SPAN: number = 1 << 23;
/** SCTLR_ELx.EE: explicit data accesses are big-endian. */
export const SCTLR_EE: number = 1 << 25;
/** SCTLR.TE (AArch32): exceptions are taken in T32. */
export const SCTLR_TE: number = 1 << 30;
/** TTBCR.EAE, bit 31 of TCR_EL1's low half: the long descriptor format, and its fault codes. */
export const TTBCR_EAE: number = 1 << 31;

/** SPSR_ELx.M[4]: AArch32 state. */
export const PSTATE_NRW: number = 1 << 4;
/** SPSR.T: T32. */
export const PSTATE_T: number = 1 << 5;
/** SPSR.{D,A,I,F} (AArch64); AArch32's E takes D's place. */
export const PSTATE_DAIF: number = 0xf << 6;
export const PSTATE_F: number = 1 << 6;
export const PSTATE_I: number = 1 << 7;
export const PSTATE_A: number = 1 << 8;
export const PSTATE_E: number = 1 << 9;
/** SPSR.PAN. */
export const PSTATE_PAN: number = 1 << 22;
/** SPSR.{N,Z,C,V}. */
export const PSTATE_NZCV: number = 0xf << 28;
