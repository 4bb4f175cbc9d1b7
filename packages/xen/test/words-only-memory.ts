import type { MemoryPort, SharedWords } from '@trapline/core';
import { PageWords } from '../src/memory/page-words.js';

/** A range of addresses. */
interface Region {
  readonly base: number;
  readonly size: number;
}

/** A memory that copies and shares words, but shows and maps no pages: that of another machine. */
export class WordsOnly implements MemoryPort {
  readonly regions: readonly Region[];
  readonly #bytes: ReadonlyMap<number, Uint8Array>;
  readonly #atOnce: boolean;

  /** `atOnce`: whether its words copy bytes themselves. */
  constructor(regions: readonly Region[], atOnce: boolean = false) {
    this.regions = regions;
    this.#bytes = new Map(regions.map(({ base, size }) => [base, new Uint8Array(size)]));
    this.#atOnce = atOnce;
  }

  read(address: number, target: Uint8Array): boolean {
    const bytes = this.#at(address, target.length);
    if (bytes !== undefined) target.set(bytes);
    return bytes !== undefined;
  }

  write(address: number, source: Uint8Array): boolean {
    const bytes = this.#at(address, source.length);
    bytes?.set(source);
    return bytes !== undefined;
  }

  has(address: number, length: number): boolean {
    return this.#at(address, length) !== undefined;
  }

  translate(_pe: unknown, address: number): number {
    return address;
  }

  sharedWords(address: number, length: number): SharedWords | undefined {
    const bytes = this.#at(address, length);
    if (bytes === undefined) return undefined;
    const words: SharedWords = new PageWords(bytes);
    if (!this.#atOnce) return words;
    return Object.assign(words, {
      read: (offset: number, target: Uint8Array) => target.set(bytes.subarray(offset, offset + target.length)),
      write: (offset: number, source: Uint8Array) => bytes.set(source, offset),
    });
  }

  #at(address: number, length: number): Uint8Array | undefined {
    const region = this.regions.find(({ base, size }) => address >= base && address + length <= base + size);
    return region && this.#bytes.get(region.base)?.subarray(address - region.base, address - region.base + length);
  }
}
