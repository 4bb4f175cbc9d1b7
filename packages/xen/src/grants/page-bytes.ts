import { PAGE_BYTES } from '../memory/frames.js';
import type { Page } from '../memory/page.js';
import { copyOverlapping } from './overlap.js';

/** Copies between pages. */
export function copyBytes(source: Page, from: number, dest: Page, to: number, length: number): void {
  if (source === dest && !source.isMoved && to > from && to < from + length) {
    copyOverlapping(source.bytes, from, to, length);
    return;
  }
  if (!source.isMoved && !dest.isMoved) {
    dest.bytes.set(source.bytes.subarray(from, from + length), to);
    return;
  }
  const bytes = new Uint8Array(length);
  readBytes(source, from, bytes);
  writeBytes(dest, to, bytes);
}

/** Reads from a page, wherever its content is. */
export function readBytes(page: Page, from: number, target: Uint8Array): void {
  if (!page.isMoved) {
    target.set(page.bytes.subarray(from, from + target.length));
    return;
  }
  const { words } = page;
  for (let i = 0; i < target.length; i++) target[i] = words.load((from + i) >> 2) >>> shiftOf(from + i);
}

/** Writes to a page, wherever its content is: no byte beside is touched. */
export function writeBytes(page: Page, to: number, source: Uint8Array): void {
  if (!page.isMoved) {
    page.bytes.set(source, to);
    return;
  }
  const { words } = page;
  for (let i = 0; i < source.length && to + i < PAGE_BYTES; i++) {
    const shift = shiftOf(to + i);
    words.and((to + i) >> 2, ~(0xff << shift));
    words.or((to + i) >> 2, (source[i] as number) << shift);
  }
}

function shiftOf(offset: number): number {
  return (offset & 3) << 3;
}
