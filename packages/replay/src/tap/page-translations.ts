import type { Translation } from '@trapline/recordings';
import { hex } from '../registers/hex.js';

const PAGE_BYTES = 4096;

/** Where pages of virtual addresses lie, for loads and for stores; identity where nobody has said otherwise. */
export class PageTranslations {
  readonly #pages = { read: new Map<number, number | undefined>(), write: new Map<number, number | undefined>() };

  /** Takes in what became of an address: the entry that says so, or undefined where that was known. */
  learn(address: number, access: 'read' | 'write', to: number): Translation | undefined {
    const page = Math.floor(address / PAGE_BYTES);
    const offset = address - page * PAGE_BYTES;
    const target = to < 0 ? undefined : to - offset;
    if (this.#of(page, access) === target) return undefined;
    this.#pages[access].set(page, target);
    const pa = target === undefined ? {} : { pa: hex(BigInt(target)) };
    return { va: hex(BigInt(page * PAGE_BYTES)), ...pa, access };
  }

  /** Takes in an entry. */
  put({ va, pa, access }: Translation): void {
    const page = Number(BigInt.asIntN(64, BigInt(va))) / PAGE_BYTES;
    this.#pages[access].set(Math.floor(page), pa === undefined ? undefined : Number(BigInt(pa)));
  }

  /** Where an address lies; negative where it does not translate. */
  find(address: number, access: 'read' | 'write'): number {
    const page = Math.floor(address / PAGE_BYTES);
    const target = this.#of(page, access);
    return target === undefined ? -1 : target + (address - page * PAGE_BYTES);
  }

  /** Pages of the upper half have no identity. */
  #of(page: number, access: 'read' | 'write'): number | undefined {
    const pages = this.#pages[access];
    return pages.has(page) ? pages.get(page) : page < 0 ? undefined : page * PAGE_BYTES;
  }
}
