import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { LinkMemory } from '../monitor/link.js';

/**
 * A machine's RAM as a file that QEMU maps and the outside reads and writes. It lies where files are memory
 * (`/dev/shm`): both see the same pages.
 */
export class SharedFile implements LinkMemory {
  readonly base: number;
  readonly size: number;
  readonly path: string;
  readonly #descriptor: number;
  #closed = false;

  constructor(path: string, base: number, size: number) {
    this.path = path;
    this.base = base;
    this.size = size;
    this.#descriptor = openSync(path, 'wx+', 0o600);
    ftruncateSync(this.#descriptor, size);
  }

  read(address: number, target: Uint8Array): void {
    if (this.#closed) target.fill(0);
    else readSync(this.#descriptor, target, 0, target.length, address - this.base);
  }

  write(address: number, source: Uint8Array): void {
    if (!this.#closed) writeSync(this.#descriptor, source, 0, source.length, address - this.base);
  }

  /** Takes its name away, once the machine has opened it: nothing is left of it, however this process ends. */
  unlink(): void {
    rmSync(this.path, { force: true });
  }

  /** The machine is gone: from now on there are zeros, and what is written is lost. */
  close(): void {
    this.#closed = true;
    closeSync(this.#descriptor);
  }
}
