import type { SharedWords } from '@trapline/core';

/** Words of a page of 4 KiB. */
const PAGE_WORDS = 1024;

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

  #page(index: number): SharedWords {
    return this.#pages[Math.floor(index / PAGE_WORDS)] as SharedWords;
  }
}
