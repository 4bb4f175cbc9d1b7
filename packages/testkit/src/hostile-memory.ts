import type { GuestPhysical, MemoryPort } from '@trapline/core';
import type { Random } from './random.js';

/** One read or write that a service made. */
export interface Access {
  readonly kind: 'read' | 'write';
  readonly address: number;
  readonly length: number;
}

/**
 * A guest's memory in the hands of another CPU of that guest: whatever a service has read is changed before it can read
 * it again, so that a value which is checked and then fetched once more does not stand the test (XSA-155, XSA-166).
 *
 * Wraps a memory port; `accesses` tells what the service touched, and `doubleFetches` which bytes it read twice.
 */
export class HostileMemory implements MemoryPort {
  readonly #memory: MemoryPort;
  readonly #random: Random;
  #accesses: Access[] = [];

  constructor(memory: MemoryPort, random: Random) {
    this.#memory = memory;
    this.#random = random;
  }

  /** What was touched since {@link forget}. */
  get accesses(): readonly Access[] {
    return this.#accesses;
  }

  /** Ranges that were read more than once since {@link forget}. */
  get doubleFetches(): readonly Access[] {
    const reads = this.#accesses.filter((access) => access.kind === 'read');
    return reads.filter((read, i) => reads.slice(0, i).some((earlier) => overlap(earlier, read)));
  }

  /** Begins anew, before the next call. */
  forget(): void {
    this.#accesses = [];
  }

  read(address: GuestPhysical, target: Uint8Array): boolean {
    this.#accesses.push({ kind: 'read', address, length: target.length });
    const done = this.#memory.read(address, target);
    if (done) this.#scramble(address, target.length);
    return done;
  }

  write(address: GuestPhysical, source: Uint8Array): boolean {
    this.#accesses.push({ kind: 'write', address, length: source.length });
    return this.#memory.write(address, source);
  }

  has(address: GuestPhysical, length: number): boolean {
    return this.#memory.has(address, length);
  }

  translate(...args: Parameters<MemoryPort['translate']>): number {
    return this.#memory.translate(...args);
  }

  view(address: GuestPhysical, length: number): Uint8Array | undefined {
    return this.#memory.view?.(address, length);
  }

  #scramble(address: GuestPhysical, length: number): void {
    const junk = new Uint8Array(length);
    for (let i = 0; i < length; i++) junk[i] = this.#random.bits();
    this.#memory.write(address, junk);
  }
}

function overlap(a: Access, b: Access): boolean {
  return a.address < b.address + b.length && b.address < a.address + a.length;
}
