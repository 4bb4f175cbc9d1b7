import type { GuestPhysical, GuestVirtual, MemoryPort, Pe, SharedWords } from '@trapline/core';
import { TappedWords } from './tapped-words.js';

/** Hears of every use of a guest's memory by the services. */
export interface MemoryTap {
  /** Memory is about to be looked at. */
  looking(): void;
  /** These bytes were found there. */
  found(address: number, bytes: Uint8Array): void;
  /** These bytes were put there. */
  put(address: number, bytes: Uint8Array): void;
  translated(address: number, access: 'read' | 'write', to: number): void;
}

/**
 * A guest's memory with somebody who listens. It offers neither views nor pages to map, as their use would not be seen:
 * services copy, and take words that stay shared.
 */
export class TappedMemory implements MemoryPort {
  readonly regions?: readonly { readonly base: number; readonly size: number }[];
  readonly #inner: MemoryPort;
  readonly #tap: MemoryTap;

  constructor(inner: MemoryPort, tap: MemoryTap) {
    this.#inner = inner;
    this.#tap = tap;
    if (inner.regions !== undefined) this.regions = inner.regions;
  }

  read(address: GuestPhysical, target: Uint8Array): boolean {
    this.#tap.looking();
    if (!this.#inner.read(address, target)) return false;
    this.#tap.found(address, target);
    return true;
  }

  write(address: GuestPhysical, source: Uint8Array): boolean {
    if (!this.#inner.write(address, source)) return false;
    this.#tap.put(address, source);
    return true;
  }

  has(address: GuestPhysical, length: number): boolean {
    return this.#inner.has(address, length);
  }

  translate(pe: Pe, address: GuestVirtual, access: 'read' | 'write'): number {
    const to = this.#inner.translate(pe, address, access);
    this.#tap.translated(address, access, to);
    return to;
  }

  sharedWords(address: GuestPhysical, length: number): SharedWords | undefined {
    if (address % 4 !== 0 || !this.#inner.has(address, length)) return undefined;
    return new TappedWords(this.#inner, address, length, this.#tap);
  }
}
