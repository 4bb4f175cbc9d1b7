import {
  BLKIF_INDIRECT_SEGMENTS_MAX,
  BLKIF_OP,
  BLKIF_SEGMENTS_MAX,
  BLKIF_SEGMENTS_PER_PAGE,
  type BlkifLayout,
  SECTORS_PER_PAGE,
} from './blkif.js';

/** A part of a page that a request reads or writes. */
export interface Segment {
  readonly reference: number;
  /** Bytes within the page. */
  readonly from: number;
  readonly to: number;
}

/** What a front end asks for, as it stood in the slot when that was copied. */
export interface BlockRequest {
  readonly operation: number;
  /** What an indirect one is; else the same. */
  readonly effective: number;
  /** First sector; NaN where the number is beyond what any medium has. */
  readonly sector: number;
  /** Sectors to discard. */
  readonly count: number;
  /** Whether it has as many segments as such a request may. */
  readonly fits: boolean;
  /** Segments in the slot; undefined where one of them cannot be. */
  readonly segments: readonly Segment[] | undefined;
  /** References of the pages in which an indirect one has its segments, and how many segments there are. */
  readonly pages: readonly number[];
  readonly indirectSegments: number;
}

/** Reads a copied slot. Nothing in it is believed: what cannot be is marked. */
export function readRequest(slot: DataView, layout: BlkifLayout): BlockRequest {
  const operation = slot.getUint8(0);
  const second = slot.getUint8(1);
  const indirect = operation === BLKIF_OP.INDIRECT;
  const discard = operation === BLKIF_OP.DISCARD;
  const rest = layout.id + 16;
  const direct = indirect || discard ? 0 : second;
  const indirectSegments = indirect ? slot.getUint16(2, true) : 0;
  const fits = indirect
    ? indirectSegments > 0 && indirectSegments <= BLKIF_INDIRECT_SEGMENTS_MAX
    : direct <= BLKIF_SEGMENTS_MAX;
  const pageCount = indirect && fits ? Math.ceil(indirectSegments / BLKIF_SEGMENTS_PER_PAGE) : 0;
  return {
    operation,
    effective: indirect ? second : operation,
    sector: sectorNumber(slot, layout.id + 8),
    count: discard ? sectorNumber(slot, rest) : 0,
    fits,
    segments: fits ? readSegments(slot, rest, direct) : undefined,
    pages: Array.from({ length: pageCount }, (_, i) => slot.getUint32(rest + 4 + 4 * i, true)),
    indirectSegments,
  };
}

/** Reads segments, of which each has a reference and its first and last sector; undefined where one cannot be. */
export function readSegments(view: DataView, at: number, count: number): Segment[] | undefined {
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const first = view.getUint8(at + 8 * i + 4);
    const last = view.getUint8(at + 8 * i + 5);
    if (last < first || last >= SECTORS_PER_PAGE) return undefined;
    segments.push({ reference: view.getUint32(at + 8 * i, true), from: first * 512, to: (last + 1) * 512 });
  }
  return segments;
}

function sectorNumber(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  return high < 0x20_0000 ? high * 0x1_0000_0000 + view.getUint32(at, true) : Number.NaN;
}
