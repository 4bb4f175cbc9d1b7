import type { GuestPhysical, MemoryPage, MemoryPort, SharedWords } from '@trapline/core';

/** Words of a page, or of a view, that the machine's one thread changes: every operation is indivisible by itself. */
export class PageWords implements SharedWords {
  readonly #words: Int32Array;

  constructor(bytes: MemoryPage) {
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  }

  load(index: number): number {
    return this.#words[index] as number;
  }

  store(index: number, value: number): void {
    this.#words[index] = value;
  }

  or(index: number, bits: number): number {
    const old = this.#words[index] as number;
    this.#words[index] = old | bits;
    return old;
  }

  and(index: number, bits: number): number {
    const old = this.#words[index] as number;
    this.#words[index] = old & bits;
    return old;
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    const old = this.#words[index] as number;
    if (old === expected) this.#words[index] = replacement;
    return old;
  }
}

/** Shared words of a guest's memory, whichever way its port has them; undefined where it has none. */
export function wordsAt(memory: MemoryPort, address: GuestPhysical, length: number): SharedWords | undefined {
  const words = memory.sharedWords?.(address, length);
  if (words !== undefined) return words;
  const view = memory.view?.(address, length);
  return view !== undefined && view.byteOffset % 4 === 0 ? new PageWords(view) : undefined;
}
