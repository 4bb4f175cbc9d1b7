import { closeSync, readSync, writeSync } from 'node:fs';
import type { LinkMemory } from '../monitor/link.js';

/**
 * A machine's RAM as a file that QEMU maps and the outside reads and writes. It lies where files are memory
 * (`/dev/shm`): both see the same pages.
 */
export class SharedFile implements LinkMemory {
  readonly base: number;
  readonly size: number;
  readonly descriptor: number;
  #closed = false;

  /** Takes over a descriptor of a file with as many bytes, open for reading and writing. */
  constructor(descriptor: number, base: number, size: number) {
    this.descriptor = descriptor;
    this.base = base;
    this.size = size;
  }

  read(address: number, target: Uint8Array): void {
    if (this.#closed) target.fill(0);
    else readSync(this.descriptor, target, 0, target.length, address - this.base);
  }

  write(address: number, source: Uint8Array): void {
    if (!this.#closed) writeSync(this.descriptor, source, 0, source.length, address - this.base);
  }

  /** The machine is gone: from now on there are zeros, and what is written is lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.descriptor);
  }
}
