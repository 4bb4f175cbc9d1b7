import type { SharedWords } from '@trapline/core';

/** Copies bytes out of words, from a byte's offset on: each word that they lie in is read once. */
export function readWords(words: SharedWords, offset: number, target: Uint8Array): void {
  if (words.read !== undefined) {
    words.read(offset, target);
    return;
  }
  const count = target.length;
  for (let i = 0; i < count; ) {
    const at = offset + i;
    let word = words.load(at >> 2) >> ((at & 3) * 8);
    for (const end = Math.min(count, i + 4 - (at & 3)); i < end; i++) {
      target[i] = word;
      word >>= 8;
    }
  }
}

/** Copies bytes into words: no byte beside them is touched, whoever changes it. */
export function writeWords(words: SharedWords, offset: number, source: Uint8Array): void {
  if (words.write !== undefined) {
    words.write(offset, source);
    return;
  }
  const count = source.length;
  for (let i = 0; i < count; ) {
    const at = offset + i;
    if ((at & 3) === 0 && count - i >= 4) {
      const low = (source[i] as number) | ((source[i + 1] as number) << 8);
      words.store(at >> 2, low | ((source[i + 2] as number) << 16) | ((source[i + 3] as number) << 24));
      i += 4;
    } else {
      const shift = (at & 3) * 8;
      words.and(at >> 2, ~(0xff << shift));
      words.or(at >> 2, (source[i] as number) << shift);
      i++;
    }
  }
}
