import { copyWords } from '../memory/copy-words.js';
import type { Page } from '../memory/page.js';
import { copyOverlapping } from './overlap.js';

/** Bytes up to which words one by one are as fast as a copy at once, which needs a view of its own each time. */
const SMALL = 512;

/** Copies between pages. */
export function copyBytes(source: Page, from: number, dest: Page, to: number, length: number): void {
  if (source === dest && source.hasBytes && to > from && to < from + length) {
    copyOverlapping(source.bytes, from, to, length);
  } else if (length <= SMALL && ((from | to | length) & 3) === 0 && source.hasBytes && dest.hasBytes) {
    copyWords(dest.cells, to >> 2, source.cells, from >> 2, length >> 2);
  } else if (source.hasBytes) dest.write(to, source.bytes.subarray(from, from + length));
  else {
    const bytes = new Uint8Array(length);
    source.read(from, bytes);
    dest.write(to, bytes);
  }
}
