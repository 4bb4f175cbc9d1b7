import type { SharedWords } from '@trapline/core';

/**
 * One direction of a ring of bytes between two domains (xenstore's, the console's): data, and two free-running counters
 * of which each side writes one. All numbers are byte offsets in the shared page.
 */
export interface RingLayout {
  readonly data: number;
  /** Bytes of data; a power of two. */
  readonly size: number;
  readonly produced: number;
  readonly consumed: number;
}

/** How many bytes lie between two counters; a peer that lies about its own has more than the ring holds, and gets none. */
function distance(from: number, to: number, size: number): number {
  const bytes = (to - from) | 0;
  return bytes >= 0 && bytes <= size ? bytes : 0;
}

/** The side that writes. */
export class RingWriter {
  readonly #words: SharedWords;
  readonly #layout: RingLayout;

  constructor(words: SharedWords, layout: RingLayout) {
    this.#words = words;
    this.#layout = layout;
  }

  /** Puts as many bytes in as there is room for, and gives their number. */
  write(bytes: Uint8Array, from = 0): number {
    const { size, data, produced, consumed } = this.#layout;
    const start = this.#words.load(produced >> 2);
    const used = (start - this.#words.load(consumed >> 2)) | 0;
    const room = used >= 0 && used <= size ? size - used : 0;
    const count = Math.min(room, bytes.length - from);
    for (let i = 0; i < count; i++) {
      putByte(this.#words, data + ((start + i) & (size - 1)), bytes[from + i] as number);
    }
    if (count > 0) this.#words.store(produced >> 2, (start + count) | 0);
    return count;
  }

  /** Whether the peer has read everything. */
  get empty(): boolean {
    const { produced, consumed } = this.#layout;
    return this.#words.load(produced >> 2) === this.#words.load(consumed >> 2);
  }
}

/** The side that reads. */
export class RingReader {
  readonly #words: SharedWords;
  readonly #layout: RingLayout;

  constructor(words: SharedWords, layout: RingLayout) {
    this.#words = words;
    this.#layout = layout;
  }

  /** Bytes that wait to be read. */
  get available(): number {
    const { size, produced, consumed } = this.#layout;
    return distance(this.#words.load(consumed >> 2), this.#words.load(produced >> 2), size);
  }

  /** Takes bytes out, at most as many as the target holds, and gives their number. */
  read(target: Uint8Array, from = 0): number {
    const { size, data, produced, consumed } = this.#layout;
    const start = this.#words.load(consumed >> 2);
    const count = Math.min(distance(start, this.#words.load(produced >> 2), size), target.length - from);
    for (let i = 0; i < count; i++) target[from + i] = byteAt(this.#words, data + ((start + i) & (size - 1)));
    if (count > 0) this.#words.store(consumed >> 2, (start + count) | 0);
    return count;
  }

  /** Forgets what waits to be read. */
  drop(): void {
    const { produced, consumed } = this.#layout;
    this.#words.store(consumed >> 2, this.#words.load(produced >> 2));
  }
}

/** One byte of shared words. */
export function byteAt(words: SharedWords, offset: number): number {
  return (words.load(offset >> 2) >>> (8 * (offset & 3))) & 0xff;
}

/** Only the ring's writer changes its data, so the bytes beside this one do not change meanwhile. */
function putByte(words: SharedWords, offset: number, value: number): void {
  const shift = 8 * (offset & 3);
  const old = words.load(offset >> 2);
  words.store(offset >> 2, (old & ~(0xff << shift)) | (value << shift));
}
