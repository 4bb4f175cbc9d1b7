import type { MemoryPort } from '@trapline/core';
import type { CallStep, MemoryBytes } from '@trapline/recordings';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import { physicalOf } from './stores.js';

const PAGE_BYTES = 0x1000;
/** Longest run of changed bytes that recorders list: longer ones are pages that were exchanged. */
const LISTED_RUN = 64;
const MEMORY_OP = 12;
const VCPU_OP = 24;
const REGISTER_RUNSTATE = 5n;
/** sizeof(vcpu_runstate_info): times, which recorders leave out. */
const RUNSTATE_BYTES = 48;

interface Snapshot {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  mapped: boolean;
}

/**
 * The operand area of a domain around a call, in recordings that list a call's changes there but not those of memory_op:
 * bytes that are in no list must be as before.
 */
export class Bystanders {
  readonly #memory: MemoryPort;
  readonly #pages: readonly Snapshot[];
  readonly #after: Uint8Array = new Uint8Array(PAGE_BYTES);
  readonly #afterWords: Int32Array = new Int32Array(this.#after.buffer);
  readonly #runstates: bigint[] = [];

  constructor(memory: MemoryPort, watched: readonly bigint[]) {
    this.#memory = memory;
    this.#pages = watched.map((base) => {
      const bytes = new Uint8Array(PAGE_BYTES);
      return { base, bytes, words: new Int32Array(bytes.buffer), mapped: false };
    });
  }

  /** Remembers the area before a call. */
  remember(): void {
    for (const page of this.#pages) page.mapped = this.#memory.read(physicalOf(page.base), page.bytes);
  }

  /** Names what a call has changed beside what the step lists. */
  compare(step: CallStep, findings: Findings): void {
    const number = Number(step.in[step.width === 64 ? 'x16' : 'x12'] ?? -1);
    if (number === VCPU_OP) this.#noteRunstate(step);
    if (number === MEMORY_OP || step.memAlsoMore) return;
    for (const page of this.#pages) {
      if (!page.mapped || !this.#memory.read(physicalOf(page.base), this.#after)) continue;
      if (this.#isSame(page)) continue;
      this.#forgive(page, step.memOut);
      this.#forgive(page, step.memAlso);
      for (const area of this.#runstates) this.#forgiveRange(page, area, RUNSTATE_BYTES);
      this.#report(page, findings);
    }
  }

  #isSame({ words }: Snapshot): boolean {
    for (let i = 0; i < words.length; i++) if (words[i] !== this.#afterWords[i]) return false;
    return true;
  }

  /** VCPUOP_register_runstate_memory_area: the operand is the area's address. */
  #noteRunstate({ in: registers, memIn }: CallStep): void {
    const digits = memIn?.find(({ at }) => at === 'x2')?.hex;
    if (BigInt(registers.x0 ?? '0x0') !== REGISTER_RUNSTATE || digits?.length !== 16) return;
    const bytes = digits.match(/../g) ?? [];
    this.#runstates.push(BigInt(`0x${bytes.reverse().join('')}`));
  }

  #forgive(page: Snapshot, listed: readonly MemoryBytes[] | undefined): void {
    for (const { addr, hex: digits = '' } of listed ?? []) this.#forgiveRange(page, BigInt(addr), digits.length / 2);
  }

  #forgiveRange({ base, bytes }: Snapshot, address: bigint, length: number): void {
    const from = Number(address - base);
    for (let i = Math.max(0, from); i < Math.min(PAGE_BYTES, from + length); i++) bytes[i] = this.#after[i] as number;
  }

  #report({ base, bytes }: Snapshot, findings: Findings): void {
    const after = this.#after;
    for (let from = 0; from < PAGE_BYTES; from++) {
      if (bytes[from] === after[from]) continue;
      let to = from + 1;
      while (to < PAGE_BYTES && bytes[to] !== after[to]) to++;
      if (to - from <= LISTED_RUN) {
        findings.different(`mem:${hex(base + BigInt(from))}`, `${to - from} bytes (unchanged)`, 'changed');
      }
      from = to;
    }
  }
}
