import type { SharedWords } from '@trapline/core';
import { PAGE_BYTES } from '../../memory/frames.js';
import { REQUEST_RING, slotsOf } from '../../rings/request-ring.js';

/** The front end's side of a ring of requests, which the answers use too (public/io/ring.h). */
export class FrontRing {
  readonly size: number;
  readonly #words: SharedWords;
  readonly #slotWords: number;
  #produced = 0;
  #consumed = 0;

  /** Over a page of zeros, of which it makes an empty ring. */
  constructor(words: SharedWords, slotBytes: number) {
    this.size = slotsOf(PAGE_BYTES, slotBytes);
    this.#words = words;
    this.#slotWords = slotBytes / 4;
    words.store(REQUEST_RING.requestEvent, 1);
    words.store(REQUEST_RING.responseEvent, 1);
  }

  /** Whether another request fits. */
  get hasRoom(): boolean {
    return this.#produced - this.#consumed < this.size;
  }

  /** Puts a request in, and gives whether the back end is to be signalled. */
  push(request: Int32Array): boolean {
    const to = this.#slot(this.#produced);
    for (let i = 0; i < request.length; i++) this.#words.store(to + i, request[i] as number);
    this.#produced++;
    this.#words.store(REQUEST_RING.requestProducer, this.#produced | 0);
    return (this.#produced - this.#words.load(REQUEST_RING.requestEvent)) >>> 0 < 1;
  }

  /** Takes an answer out, if there is one. */
  take(target: Int32Array): boolean {
    if ((this.#words.load(REQUEST_RING.responseProducer) | 0) === (this.#consumed | 0)) return false;
    const from = this.#slot(this.#consumed);
    for (let i = 0; i < target.length; i++) target[i] = this.#words.load(from + i);
    this.#consumed++;
    return true;
  }

  /** Asks for a signal at the next answer. The caller then looks once more. */
  rearm(): void {
    this.#words.store(REQUEST_RING.responseEvent, (this.#consumed + 1) | 0);
  }

  #slot(index: number): number {
    return REQUEST_RING.slots + (index & (this.size - 1)) * this.#slotWords;
  }
}
