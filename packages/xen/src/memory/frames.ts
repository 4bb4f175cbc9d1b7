import type { GuestPhysical } from '@trapline/core';

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

/** The frame that a 64-bit field of all ones names: no frame (INVALID_GFN). */
export function isInvalidFrame(low: number, high: number): boolean {
  return (low & high) === -1;
}

/**
 * Frames that Xen's p2m has tables for (arch/arm/p2m.c, pa_range_info and p2m_get_root_pointer): its root may reach
 * further than the addresses of the machine's CPUs.
 */
export function frameLimit(addressBits: number): number {
  if (addressBits <= 36) return 2 ** (39 - PAGE_SHIFT);
  if (addressBits <= 40) return 2 ** (40 - PAGE_SHIFT);
  if (addressBits <= 42) return 2 ** (42 - PAGE_SHIFT);
  return 2 ** (48 - PAGE_SHIFT);
}

/** Levels of translation tables below the root: with more than 42 bits the root is of level 0. */
export function tableLevels(addressBits: number): number {
  return addressBits > 42 ? 3 : 2;
}

/** The frame of a guest-physical address. */
export function frameAt(address: number): number {
  return address < 2 ** 31 ? address >>> PAGE_SHIFT : Math.floor(address / PAGE_BYTES);
}

/** The guest-physical address at which a frame begins. */
export function addressOfFrame(frame: number): GuestPhysical {
  return (frame * PAGE_BYTES) as GuestPhysical;
}

/** The id of the page that a frame of RAM has when its domain is built. */
export function asBuiltId(frame: number): string {
  return `ram:${frame}`;
}

/** The frame in such an id, or {@link NO_FRAME}. */
export function frameOfId(id: string): number {
  return id.startsWith('ram:') ? Number(id.slice(4)) : NO_FRAME;
}

/** The id of a page that the heap has allocated. */
export function pageId(allocated: number): string {
  return `page:${allocated}`;
}

/** The number in such an id; undefined for another id. */
export function allocatedOfId(id: string): number | undefined {
  return id.startsWith('page:') ? Number(id.slice(5)) : undefined;
}
