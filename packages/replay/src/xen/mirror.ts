import type { MemoryPort } from '@trapline/core';
import { bytesOf, hex, hexOfBytes } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import { physicalOf } from './stores.js';

const PAGE_BYTES = 0x1000;
/** Differing bytes shown of one run. */
const SHOWN_BYTES = 32;

interface MirrorPage {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  mapped: boolean;
}

/**
 * What a recording says the watched memory of a domain holds: zeros at the start, then what its steps put and changed
 * there. Everything that a service changes beside that is seen.
 */
export class Mirror {
  readonly #memory: MemoryPort;
  readonly #pages = new Map<bigint, MirrorPage>();
  readonly #seen: Uint8Array = new Uint8Array(PAGE_BYTES);
  readonly #seenWords: Int32Array = new Int32Array(this.#seen.buffer);

  constructor(memory: MemoryPort, watched: readonly bigint[], holes: readonly bigint[]) {
    this.#memory = memory;
    for (const base of watched) {
      const bytes = new Uint8Array(PAGE_BYTES);
      this.#pages.set(base, { base, bytes, words: new Int32Array(bytes.buffer), mapped: !holes.includes(base) });
    }
  }

  /** Bytes that were put at an address, or that are expected there. */
  put(address: bigint, digits: string): void {
    bytesOf(digits).forEach((byte, i) => {
      const here = address + BigInt(i);
      const page = this.#pages.get(here & ~0xfffn);
      if (page !== undefined) page.bytes[Number(here & 0xfffn)] = byte;
    });
  }

  /** Takes bytes as they are: whoever asks has compared them. */
  take(address: bigint, length: number): void {
    const actual = new Uint8Array(length);
    if (!this.#memory.read(physicalOf(address), actual)) return;
    for (let i = 0; i < length; i++) {
      const here = address + BigInt(i);
      const page = this.#pages.get(here & ~0xfffn);
      if (page !== undefined) page.bytes[Number(here & 0xfffn)] = actual[i] as number;
    }
  }

  /** A page came or went; it keeps its bytes. */
  setMapped(address: bigint, mapped: boolean): void {
    const page = this.#pages.get(address & ~0xfffn);
    if (page !== undefined) page.mapped = mapped;
  }

  /** Names what the memory holds otherwise, and takes it over: a difference is reported where it arises. */
  compare(findings: Findings): void {
    for (const page of this.#pages.values()) {
      const mapped = this.#memory.read(physicalOf(page.base), this.#seen);
      if (mapped !== page.mapped) {
        findings.different(`page:${hex(page.base)}`, words(page.mapped), words(mapped));
        page.mapped = mapped;
      }
      if (mapped && !this.#same(page)) this.#report(page, findings);
    }
  }

  #same({ words: expected }: MirrorPage): boolean {
    const seen = this.#seenWords;
    for (let i = 0; i < expected.length; i++) if (expected[i] !== seen[i]) return false;
    return true;
  }

  #report({ base, bytes }: MirrorPage, findings: Findings): void {
    for (let from = 0; from < PAGE_BYTES; from++) {
      if (bytes[from] === this.#seen[from]) continue;
      let to = from + 1;
      while (to < PAGE_BYTES && bytes[to] !== this.#seen[to]) to++;
      findings.different(`mem:${hex(base + BigInt(from))}`, shown(bytes, from, to), shown(this.#seen, from, to));
      from = to;
    }
    bytes.set(this.#seen);
  }
}

function words(mapped: boolean): string {
  return mapped ? 'mapped' : 'hole';
}

function shown(bytes: Uint8Array, from: number, to: number): string {
  const head = hexOfBytes(bytes.subarray(from, Math.min(to, from + SHOWN_BYTES)));
  return to - from > SHOWN_BYTES ? `${head}… (${to - from} bytes)` : head;
}
