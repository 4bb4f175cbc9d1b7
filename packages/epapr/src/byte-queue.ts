import { RestoreError, type Saved } from '@trapline/core';

/** Bytes on their way through a channel in one direction, first in, first out; bounded. */
export class ByteQueue {
  readonly #bytes: Uint8Array;
  #first = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get space(): number {
    return this.#bytes.length - this.#length;
  }

  /** Adds a byte where there is room; says whether there was. */
  push(byte: number): boolean {
    if (this.space === 0) return false;
    this.#bytes[(this.#first + this.#length) % this.#bytes.length] = byte;
    this.#length++;
    return true;
  }

  /** The first byte, taken out; −1 where there is none. */
  shift(): number {
    if (this.#length === 0) return -1;
    const byte = this.#bytes[this.#first] as number;
    this.#first = (this.#first + 1) % this.#bytes.length;
    this.#length--;
    return byte;
  }

  clear(): void {
    this.#first = 0;
    this.#length = 0;
  }

  save(): Saved {
    return Array.from(
      { length: this.#length },
      (_, i) => this.#bytes[(this.#first + i) % this.#bytes.length] as number,
    );
  }

  /** Throws {@link RestoreError} for what is no list of bytes that fits. */
  restore(saved: Saved): void {
    if (!Array.isArray(saved) || saved.length > this.#bytes.length || !saved.every(isByte)) {
      throw new RestoreError(`a byte channel holds a list of up to ${this.#bytes.length} bytes`);
    }
    this.clear();
    for (const byte of saved) this.push(byte);
  }
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xff;
}
