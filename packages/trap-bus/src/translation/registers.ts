/**
 * The system registers of one PE that stage 1 reads, in one buffer seen as 64-bit registers and as 32-bit halves:
 * register `n` is `x[n]`, and `w[2n]`, `w[2n + 1]`.
 *
 * They are those of the exception level in charge: TTBR0_ELx, TTBR1_EL1, TCR_ELx; in AArch32 TTBR0, TTBR1, TTBCR and
 * DACR (HTTBR and HTCR in Hyp mode).
 */
export interface TranslationRegisters {
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
}

/** Numbers of the registers in {@link TranslationRegisters}. */
export const TTBR0 = 0;
export const TTBR1 = 1;
/** TCR_ELx, TTBCR or HTCR. */
export const TCR = 2;
/** Domain access control, of AArch32's short descriptors only. */
export const DACR = 3;
/** How many registers there are. */
const TRANSLATION_REGISTER_COUNT = 4;

/** Translation registers of zeros. */
export function createTranslationRegisters(): TranslationRegisters {
  const x = new BigUint64Array(TRANSLATION_REGISTER_COUNT);
  return { x, w: new Uint32Array(x.buffer) };
}
