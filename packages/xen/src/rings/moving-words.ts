import type { SharedWords } from '@trapline/core';
import { readWords, writeWords } from './word-bytes.js';

/** Words of a page that is found anew when a machine is restored: who holds them goes on. */
export class MovingWords implements SharedWords {
  #words: SharedWords;

  constructor(words: SharedWords) {
    this.#words = words;
  }

  /** From now on those of another page; nothing is copied. */
  move(words: SharedWords): void {
    this.#words = words;
  }

  load(index: number): number {
    return this.#words.load(index);
  }

  store(index: number, value: number): void {
    this.#words.store(index, value);
  }

  or(index: number, bits: number): number {
    return this.#words.or(index, bits);
  }

  and(index: number, bits: number): number {
    return this.#words.and(index, bits);
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    return this.#words.compareExchange(index, expected, replacement);
  }

  read(offset: number, target: Uint8Array): void {
    readWords(this.#words, offset, target);
  }

  write(offset: number, source: Uint8Array): void {
    writeWords(this.#words, offset, source);
  }
}
