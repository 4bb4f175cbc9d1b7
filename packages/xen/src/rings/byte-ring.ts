import type { SharedWords } from '@trapline/core';
import { readWords, writeWords } from './word-bytes.js';

/** What a ring gives where its indices cannot be: more is in it than fits. */
export const RING_CORRUPT = -1;

/** Where a ring of bytes lies in a shared page, in 32-bit words. */
export interface ByteRingLayout {
  /** First word of the bytes. */
  readonly bytes: number;
  /** How many bytes, a power of two. */
  readonly size: number;
  /** The words of the free-running indices: whoever consumes writes one, whoever produces the other. */
  readonly consumer: number;
  readonly producer: number;
}

/**
 * A ring of bytes in a page that two sides share (xenstore's, the console's): one produces, the other consumes, each owns
 * one index. Each operation reads each index once and believes nothing of it; indices that cannot be are
 * {@link RING_CORRUPT}, and nothing is touched then.
 */
export class ByteRing {
  readonly #words: SharedWords;
  readonly #layout: ByteRingLayout;

  constructor(words: SharedWords, layout: ByteRingLayout) {
    this.#words = words;
    this.#layout = layout;
  }

  /** Bytes to be consumed, as the indices say. */
  get used(): number {
    const used = (this.#words.load(this.#layout.producer) - this.#words.load(this.#layout.consumer)) >>> 0;
    return used <= this.#layout.size ? used : RING_CORRUPT;
  }

  /** Takes bytes into `target`, from `from` up to `to`; gives how many there were. */
  consume(target: Uint8Array, from: number, to: number): number {
    const words = this.#words;
    const { bytes, size, consumer, producer } = this.#layout;
    const at = words.load(consumer);
    const used = (words.load(producer) - at) >>> 0;
    if (used > size) return RING_CORRUPT;
    const count = Math.min(used, to - from);
    const offset = at & (size - 1);
    const first = Math.min(count, size - offset);
    if (first > 0) readWords(words, bytes * 4 + offset, target.subarray(from, from + first));
    if (count > first) readWords(words, bytes * 4, target.subarray(from + first, from + count));
    if (count > 0) words.store(consumer, at + count);
    return count;
  }

  /** Puts bytes of `source`, from `from` up to `to`, as many as there is room for; gives how many that were. */
  produce(source: Uint8Array, from: number, to: number): number {
    const words = this.#words;
    const { bytes, size, consumer, producer } = this.#layout;
    const at = words.load(producer);
    const used = (at - words.load(consumer)) >>> 0;
    if (used > size) return RING_CORRUPT;
    const count = Math.min(size - used, to - from);
    const offset = at & (size - 1);
    const first = Math.min(count, size - offset);
    if (first > 0) writeWords(words, bytes * 4 + offset, source.subarray(from, from + first));
    if (count > first) writeWords(words, bytes * 4, source.subarray(from + first, from + count));
    if (count > 0) words.store(producer, at + count);
    return count;
  }

  /** Makes it empty, as it is when it is new. */
  clear(): void {
    this.#words.store(this.#layout.consumer, 0);
    this.#words.store(this.#layout.producer, 0);
  }
}
