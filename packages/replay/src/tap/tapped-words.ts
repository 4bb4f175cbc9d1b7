import { type GuestPhysical, type MemoryPort, SequentialWords, type SharedWords } from '@trapline/core';
import type { MemoryTap } from './tapped-memory.js';

const WORD_BYTES = 4;

/** Shared words with somebody who listens: the memory's own, or its bytes where it has none and nothing runs meanwhile. */
export class TappedWords implements SharedWords {
  readonly #words: SharedWords;
  readonly #memory: MemoryPort;
  readonly #address: number;
  readonly #tap: MemoryTap;
  readonly #word: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(WORD_BYTES));
  readonly #bytes: Uint8Array = new Uint8Array(this.#word.buffer);

  constructor(memory: MemoryPort, address: GuestPhysical, length: number, tap: MemoryTap) {
    this.#words = memory.sharedWords?.(address, length) ?? new CopiedWords(memory, address);
    this.#memory = memory;
    this.#address = address;
    this.#tap = tap;
  }

  load(index: number): number {
    this.#tap.looking();
    return this.#found(index, this.#words.load(index));
  }

  store(index: number, value: number): void {
    this.#words.store(index, value);
    this.#put(index, value);
  }

  or(index: number, bits: number): number {
    this.#tap.looking();
    const old = this.#found(index, this.#words.or(index, bits));
    this.#put(index, old | bits);
    return old;
  }

  and(index: number, bits: number): number {
    this.#tap.looking();
    const old = this.#found(index, this.#words.and(index, bits));
    this.#put(index, old & bits);
    return old;
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    this.#tap.looking();
    const old = this.#found(index, this.#words.compareExchange(index, expected, replacement));
    if (old === expected) this.#put(index, replacement);
    return old;
  }

  /** Copies bytes that the guest leaves alone meanwhile. */
  read(offset: number, target: Uint8Array): void {
    this.#tap.looking();
    this.#memory.read((this.#address + offset) as GuestPhysical, target);
    this.#tap.found(this.#address + offset, target);
  }

  /** Copies bytes to where the guest changes nothing meanwhile. */
  write(offset: number, source: Uint8Array): void {
    this.#memory.write((this.#address + offset) as GuestPhysical, source);
    this.#tap.put(this.#address + offset, source);
  }

  #found(index: number, value: number): number {
    this.#word.setInt32(0, value, true);
    this.#tap.found(this.#address + WORD_BYTES * index, this.#bytes);
    return value;
  }

  #put(index: number, value: number): void {
    this.#word.setInt32(0, value, true);
    this.#tap.put(this.#address + WORD_BYTES * index, this.#bytes);
  }
}

/** Words of a memory that only its services change while they run. */
class CopiedWords extends SequentialWords {
  readonly #memory: MemoryPort;
  readonly #address: number;
  readonly #word: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(WORD_BYTES));
  readonly #bytes: Uint8Array = new Uint8Array(this.#word.buffer);

  constructor(memory: MemoryPort, address: number) {
    super();
    this.#memory = memory;
    this.#address = address;
  }

  load(index: number): number {
    this.#memory.read((this.#address + WORD_BYTES * index) as GuestPhysical, this.#bytes);
    return this.#word.getInt32(0, true);
  }

  store(index: number, value: number): void {
    this.#word.setInt32(0, value, true);
    this.#memory.write((this.#address + WORD_BYTES * index) as GuestPhysical, this.#bytes);
  }
}
