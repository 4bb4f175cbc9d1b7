/** Xen's page on ARM (public/arch-arm.h): the unit of frames, whatever granule the guest translates with. */
export const PAGE_SHIFT = 12;
/** Bytes of a page. */
export const PAGE_BYTES: number = 1 << PAGE_SHIFT;

/**
 * Frames are Numbers: a gfn is exact below 2^41, which is beyond every address size. A 64-bit argument above is
 * {@link NO_FRAME} before it is converted.
 */
export const NO_FRAME = -1;

/** The frame number in two halves, or {@link NO_FRAME} where no address has it. */
export function frameOf(low: number, high: number): number {
  return high >>> 0 < 0x100 ? (high >>> 0) * 0x1_0000_0000 + (low >>> 0) : NO_FRAME;
}
