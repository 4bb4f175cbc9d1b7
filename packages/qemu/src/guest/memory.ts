import {
  type GuestPhysical,
  type GuestVirtual,
  type MemoryPort,
  NO_ADDRESS,
  type Pe,
  type SharedWords,
} from '@trapline/core';
import { createTranslationRegisters, type Regime, translate, type WordReader } from '@trapline/trap-bus';
import type { LinkMemory } from '../monitor/link.js';
import type { Executor } from './executor.js';
import { MachineWords } from './machine-words.js';

/** A range of guest-physical addresses, and where its bytes lie in the machine. */
export interface Window {
  readonly base: number;
  readonly size: number;
  /** Physical address in the machine; the same as {@link base} where stage 2 does not move it. */
  readonly physical: number;
}

/** Fills in how a PE translates, from the frame of its last entry; gives its regime's fixed part. */
export type RegimeOf = (pe: Pe, into: TranslationTarget) => void;

/** What {@link RegimeOf} fills in. */
export type TranslationTarget = { -readonly [K in keyof Regime]: Regime[K] };

/** A running machine's memory behind the memory port. */
export class MachineMemory implements MemoryPort {
  readonly regions: readonly { readonly base: number; readonly size: number }[];
  readonly #memory: LinkMemory;
  readonly #windows: readonly Window[];
  readonly #executor: Executor;
  readonly #regimeOf: RegimeOf;
  readonly #regime: TranslationTarget = {
    state: 'a64',
    ranges: 2,
    privileged: true,
    sctlr: 0,
    registers: createTranslationRegisters(),
    addressBits: 48,
    managesFlags: true,
  };
  readonly #word: Uint32Array = new Uint32Array(1);
  readonly #wordBytes: Uint8Array = new Uint8Array(this.#word.buffer);
  readonly #readWord: WordReader;

  constructor(memory: LinkMemory, windows: readonly Window[], executor: Executor, regimeOf: RegimeOf) {
    this.#memory = memory;
    this.#windows = windows;
    this.regions = windows.map(({ base, size }) => ({ base, size }));
    this.#executor = executor;
    this.#regimeOf = regimeOf;
    this.#readWord = (address) =>
      this.read(address as GuestPhysical, this.#wordBytes) ? (this.#word[0] as number) : -1;
  }

  read(address: GuestPhysical, target: Uint8Array): boolean {
    const at = this.physical(address, target.length);
    if (at < 0) return false;
    this.#memory.read(at, target);
    return true;
  }

  write(address: GuestPhysical, source: Uint8Array): boolean {
    const at = this.physical(address, source.length);
    if (at < 0) return false;
    this.#memory.write(at, source);
    return true;
  }

  has(address: GuestPhysical, length: number): boolean {
    return this.physical(address, length) >= 0;
  }

  translate(pe: Pe, address: GuestVirtual, access: 'read' | 'write'): number {
    if (!Number.isInteger(address)) return NO_ADDRESS;
    this.#regimeOf(pe, this.#regime);
    return translate(this.#regime, address, access, this.#readWord);
  }

  /** Words that a CPU in the monitor changes in one step; see {@link Executor.execute} for when there is one. */
  sharedWords(address: GuestPhysical, length: number): SharedWords | undefined {
    const at = this.physical(address, length);
    return at < 0 || at % 4 !== 0 ? undefined : new MachineWords(this.#executor, this.#memory, at, length >>> 2);
  }

  /** Where a range of guest memory lies in the machine; negative where it is not all memory. */
  physical(address: number, length: number): number {
    for (const { base, size, physical } of this.#windows) {
      if (address >= base && address + length <= base + size) return physical + (address - base);
    }
    return -1;
  }
}
