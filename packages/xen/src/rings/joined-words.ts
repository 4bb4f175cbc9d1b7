import type { SharedWords } from '@trapline/core';
import { readWords, writeWords } from './word-bytes.js';

/** Words of a page of 4 KiB. */
const PAGE_WORDS = 1024;
const PAGE_BYTES = 4 * PAGE_WORDS;

/** Several shared pages, one after the other, as one range of words. */
export class JoinedWords implements SharedWords {
  readonly #pages: readonly SharedWords[];

  constructor(pages: readonly SharedWords[]) {
    this.#pages = pages;
  }

  load(index: number): number {
    return this.#page(index).load(index % PAGE_WORDS);
  }

  store(index: number, value: number): void {
    this.#page(index).store(index % PAGE_WORDS, value);
  }

  or(index: number, bits: number): number {
    return this.#page(index).or(index % PAGE_WORDS, bits);
  }

  and(index: number, bits: number): number {
    return this.#page(index).and(index % PAGE_WORDS, bits);
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    return this.#page(index).compareExchange(index % PAGE_WORDS, expected, replacement);
  }

  read(offset: number, target: Uint8Array): void {
    this.#each(offset, target, readWords);
  }

  write(offset: number, source: Uint8Array): void {
    this.#each(offset, source, writeWords);
  }

  /** Does something with the part of the bytes that lies in each page. */
  #each(offset: number, bytes: Uint8Array, work: typeof readWords): void {
    for (let done = 0; done < bytes.length; ) {
      const at = offset + done;
      const within = at % PAGE_BYTES;
      const count = Math.min(bytes.length - done, PAGE_BYTES - within);
      work(this.#page(at >> 2), within, count === bytes.length ? bytes : bytes.subarray(done, done + count));
      done += count;
    }
  }

  #page(index: number): SharedWords {
    return this.#pages[Math.floor(index / PAGE_WORDS)] as SharedWords;
  }
}
