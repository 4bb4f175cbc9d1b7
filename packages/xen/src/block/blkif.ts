/** BLKIF_OP_*: what a front end asks for (public/io/blkif.h). */
export const BLKIF_OP = {
  READ: 0,
  WRITE: 1,
  WRITE_BARRIER: 2,
  FLUSH_DISKCACHE: 3,
  DISCARD: 5,
  INDIRECT: 6,
} as const;

/** BLKIF_RSP_*. */
export const BLKIF_RSP = { OKAY: 0, ERROR: -1, EOPNOTSUPP: -2 } as const;

/** Segments that stand in a request itself. */
export const BLKIF_SEGMENTS_MAX = 11;
/** Segments of an indirect request: what Linux' back end takes (MAX_INDIRECT_SEGMENTS), and this one. */
export const BLKIF_INDIRECT_SEGMENTS_MAX = 256;
/** Segments in one page of an indirect request. */
export const BLKIF_SEGMENTS_PER_PAGE = 512;
/** Pages of one ring, as a power of two: what Linux' back end takes (XENBUS_MAX_RING_GRANT_ORDER), and this one. */
export const BLKIF_RING_ORDER_MAX = 4;

/** The unit of sector numbers. */
export const SECTOR_SHIFT = 9;
/** Sectors of a page: a segment's sectors lie below this. */
export const SECTORS_PER_PAGE = 8;

/** Bits of a disk's `info` node (VDISK_*). */
export const VDISK = { CDROM: 1, REMOVABLE: 2, READONLY: 4 } as const;

/** How a front end lays out its requests: by its compiler's alignment of 64-bit fields. */
export interface BlkifLayout {
  /** The name in its `protocol` node (public/io/protocols.h). */
  readonly protocol: string;
  /** Bytes of a slot. */
  readonly slot: number;
  /** Where the id stands; the sector number follows it, and then what depends on the operation. */
  readonly id: number;
}

/** The layouts by protocol. ARM's is also what a front end means that names none. */
export const BLKIF_LAYOUTS: readonly BlkifLayout[] = [
  { protocol: 'arm-abi', slot: 112, id: 8 },
  { protocol: 'x86_64-abi', slot: 112, id: 8 },
  { protocol: 'x86_32-abi', slot: 108, id: 4 },
];

/** The layout of a protocol; undefined for one that nobody knows. */
export function blkifLayout(protocol: string | undefined): BlkifLayout | undefined {
  return protocol === undefined ? BLKIF_LAYOUTS[0] : BLKIF_LAYOUTS.find((layout) => layout.protocol === protocol);
}
