import { PAGE_BYTES } from './frames.js';
import type { FrameRange } from './ranges.js';

/** A range of a guest's addresses. */
export interface GuestRange {
  readonly base: number;
  readonly size: number;
}

/** The whole pages of ranges of RAM: what a domain is built with. */
export function ramOf(ranges: readonly GuestRange[]): FrameRange[] {
  return ranges.map(({ base, size }) => {
    const start = Math.ceil(base / PAGE_BYTES);
    return { start, count: Math.floor((base + size) / PAGE_BYTES) - start };
  });
}

/** All pages that ranges of devices touch: Xen maps no less than a page. */
export function rangesOf(ranges: readonly GuestRange[]): FrameRange[] {
  return ranges.map(({ base, size }) => {
    const start = Math.floor(base / PAGE_BYTES);
    return { start, count: Math.ceil((base + size) / PAGE_BYTES) - start };
  });
}
