import type { Page } from '../memory/page.js';
import { copyOverlapping } from './overlap.js';

/** Copies between pages. */
export function copyBytes(source: Page, from: number, dest: Page, to: number, length: number): void {
  if (source === dest && source.hasBytes && to > from && to < from + length) {
    copyOverlapping(source.bytes, from, to, length);
  } else if (source.hasBytes) dest.write(to, source.bytes.subarray(from, from + length));
  else {
    const bytes = new Uint8Array(length);
    source.read(from, bytes);
    dest.write(to, bytes);
  }
}
