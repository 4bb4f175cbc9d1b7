import type { SharedWords } from '@trapline/core';
import { RING_CORRUPT } from './byte-ring.js';
import { readWords, writeWords } from './word-bytes.js';

/** Where a ring of requests has its indices (public/io/ring.h), in 32-bit words. */
export const REQUEST_RING = {
  requestProducer: 0,
  requestEvent: 1,
  responseProducer: 2,
  responseEvent: 3,
  /** Where its slots begin. */
  slots: 16,
} as const;

/** How many slots a ring of so many bytes has: the largest power of two that fits. */
export function slotsOf(bytes: number, slotBytes: number): number {
  return 1 << (31 - Math.clz32(Math.floor((bytes - REQUEST_RING.slots * 4) / slotBytes)));
}

/**
 * The back end's side of a ring of requests, which the answers use too. What the front end writes is read once: the
 * producer's index when {@link available} is asked, a slot when it is {@link take}n.
 */
export class RequestRing {
  readonly size: number;
  readonly #words: SharedWords;
  readonly #slotWords: number;
  #consumed: number;
  #answered: number;

  /** Goes on where an earlier back end left the ring: at the answers that it gave. */
  constructor(words: SharedWords, bytes: number, slotBytes: number) {
    this.size = slotsOf(bytes, slotBytes);
    this.#words = words;
    this.#slotWords = slotBytes / 4;
    this.#answered = words.load(REQUEST_RING.responseProducer);
    this.#consumed = this.#answered;
  }

  /** Requests to be taken; {@link RING_CORRUPT} where the front end claims more than there are slots without an answer. */
  get available(): number {
    const produced = this.#words.load(REQUEST_RING.requestProducer);
    if ((produced - this.#answered) >>> 0 > this.size) return RING_CORRUPT;
    const count = (produced - this.#consumed) | 0;
    return count < 0 ? RING_CORRUPT : count;
  }

  /** Copies the next request, as long as a slot, whose being there {@link available} told. */
  take(target: Uint8Array): void {
    readWords(this.#words, this.#slot(this.#consumed) * 4, target);
    this.#consumed = (this.#consumed + 1) | 0;
  }

  /** Asks the front end to signal its next request. The caller then looks at {@link available} once more. */
  rearm(): void {
    this.#words.store(REQUEST_RING.requestEvent, (this.#consumed + 1) | 0);
  }

  /** Writes an answer into the next slot; {@link push} makes it valid. */
  answer(source: Uint8Array): void {
    writeWords(this.#words, this.#slot(this.#answered) * 4, source);
    this.#answered = (this.#answered + 1) | 0;
  }

  /** Makes the answers valid; whether the front end asked to be signalled for one of them. */
  push(): boolean {
    const before = this.#words.load(REQUEST_RING.responseProducer);
    this.#words.store(REQUEST_RING.responseProducer, this.#answered);
    const wanted = (this.#answered - this.#words.load(REQUEST_RING.responseEvent)) >>> 0;
    return wanted < (this.#answered - before) >>> 0;
  }

  #slot(index: number): number {
    return REQUEST_RING.slots + (index & (this.size - 1)) * this.#slotWords;
  }
}
