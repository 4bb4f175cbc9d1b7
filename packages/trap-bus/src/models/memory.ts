import {
  CompositionError,
  type GuestPhysical,
  type GuestVirtual,
  type MemoryPort,
  NO_ADDRESS,
  type PageMapping,
  type Pe,
  type Saved,
} from '@trapline/core';
import { SCTLR_M } from '../rules/control-bits.js';
import type { TranslationFault } from '../translation/fault.js';
import type { Access, Regime, WordReader } from '../translation/regime.js';
import { createTranslationRegisters, TCR, type TranslationRegisters, TTBR0 } from '../translation/registers.js';
import { explainTranslation, translate, translateHalves } from '../translation/translate.js';
import { MemoryFrames } from './memory-frames.js';
import { MemoryMap, type MemoryRegion } from './memory-map.js';
import { regimeOf } from './memory-regime.js';
import { restoreMemory, saveMemory } from './memory-saved.js';
import { MemoryWords } from './memory-words.js';
import { PAGE_BYTES, PageStore } from './page-store.js';

/** Most bytes that the pages of one memory take, unless its composition says otherwise. */
export const DEFAULT_RESIDENT_LIMIT: number = 2 ** 32;

/** Choices about a memory. */
export interface MemoryOptions {
  /** Most bytes that written pages may take; a write beyond is refused. {@link DEFAULT_RESIDENT_LIMIT} where absent. */
  readonly residentLimit?: number;
  /** Bits of physical address that the PEs implement, for translation; 48 where absent. */
  readonly addressBits?: 32 | 36 | 40 | 42 | 44 | 48 | 52;
  /** Whether the PEs have FEAT_HAFDBS; not where absent. */
  readonly managesFlags?: boolean;
  /**
   * Fills in a PE's translation registers: those of its exception level, EL1's for EL0. Where absent, a PE whose MMU
   * is on has no address that translates.
   */
  readonly registers?: (pe: Pe, into: TranslationRegisters) => void;
}

/**
 * Sparse guest-physical memory: pages of 4 KiB that take space once they are written, zeros before.
 *
 * Throws {@link CompositionError} for regions that overlap, are empty, or do not end by 2^53.
 */
export function createMemory(regions: readonly MemoryRegion[], options: MemoryOptions = {}): GuestMemory {
  return new GuestMemory(regions, options);
}

/** The default model behind {@link MemoryPort}; made by {@link createMemory}. */
export class GuestMemory implements MemoryPort {
  /** Values by width and byte order. */
  readonly words: MemoryWords;
  readonly #frames: MemoryFrames;
  readonly #map: MemoryMap;
  readonly #store: PageStore;
  readonly #load: (pe: Pe, into: TranslationRegisters) => void;
  readonly #regime: { -readonly [K in keyof Regime]: Regime[K] };
  readonly #readWord: WordReader;

  constructor(regions: readonly MemoryRegion[], options: MemoryOptions) {
    const limit = options.residentLimit ?? DEFAULT_RESIDENT_LIMIT;
    if (!Number.isSafeInteger(limit) || limit < PAGE_BYTES) {
      throw new CompositionError(`residentLimit ${limit}`, `give at least one page of ${PAGE_BYTES} bytes`);
    }
    this.#map = new MemoryMap(regions);
    this.#store = new PageStore(limit);
    this.#frames = new MemoryFrames(this.#map, this.#store);
    this.words = new MemoryWords(this);
    this.#load = options.registers ?? noRegisters;
    this.#regime = {
      state: 'a64',
      ranges: 2,
      privileged: true,
      sctlr: 0,
      registers: createTranslationRegisters(),
      addressBits: options.addressBits ?? 48,
      managesFlags: options.managesFlags ?? false,
    };
    this.#readWord = (address) => this.#word(address);
  }

  /** The regions in order of address, neighbours joined. */
  get regions(): readonly MemoryRegion[] {
    return this.#map.regions;
  }

  /** Bytes that pages take now. */
  get resident(): number {
    return this.#store.resident;
  }

  /**
   * Makes holes, and maps pages of this or another memory at frames inside and outside of the regions. What it changes
   * is the mapper's: {@link save} leaves changed frames out, {@link restore} and {@link reset} put all frames back as
   * they were composed, for the mapper to change again. A reset of the guest alone leaves them as they are.
   *
   * A page that was given out keeps its bytes' place over reset and restore; a view stays with its page, where the
   * frame gets another.
   */
  get mapping(): PageMapping {
    return this.#frames;
  }

  /** What the guest's accesses to an address may do: nothing in a hole, only read where a page is mapped so. */
  accessAt(address: GuestPhysical): 'none' | 'read' | 'write' {
    return this.#frames.accessAt(address);
  }

  read(address: GuestPhysical, target: Uint8Array): boolean {
    if (this.#frames.changed) return this.#frames.read(address, target);
    if (!this.#map.has(address, target.length)) return false;
    this.#store.read(address, target);
    return true;
  }

  write(address: GuestPhysical, source: Uint8Array): boolean {
    if (this.#frames.changed) return this.#frames.write(address, source);
    return this.#map.has(address, source.length) && this.#store.write(address, source);
  }

  has(address: GuestPhysical, length: number): boolean {
    return this.#frames.changed ? this.#frames.has(address, length) : this.#map.has(address, length);
  }

  /**
   * As {@link MemoryPort.translate}; an address of the upper range is the negative Number whose two's complement it is.
   */
  translate(pe: Pe, address: GuestVirtual, access: Access): number {
    // Without stage 1, all addresses of 32 bits are what they are: every PE has that many.
    if (!Number.isInteger(address)) return NO_ADDRESS;
    if ((pe.sctlr & SCTLR_M) === 0 && address >= 0 && address <= 0xffff_ffff) return address;
    return translate(this.#enter(pe), address, access, this.#readWord);
  }

  /** Translates a pointer in two register halves: exact for every pointer, tagged ones too. */
  translateHalves(pe: Pe, low: number, high: number, access: Access): number {
    return translateHalves(this.#enter(pe), low, high, access, this.#readWord);
  }

  /** The fault an access of the PE would take; undefined where the address translates. */
  explain(pe: Pe, address: bigint, access: Access): TranslationFault | undefined {
    return explainTranslation(this.#enter(pe), address, access, this.#readWord);
  }

  /**
   * A view that stays valid and shared, also over {@link restore} and {@link reset}. Undefined where the range is not
   * memory, is longer than {@link MAX_VIEW_BYTES}, would exceed the resident limit, or overlaps pages that an earlier
   * view shows and that do not lie beside the others; and for a page mapped only for reading, or more than one frame
   * of which {@link mapping} changed any.
   */
  view(address: GuestPhysical, length: number): Uint8Array | undefined {
    if (this.#frames.changed) return this.#frames.view(address, length);
    return this.#map.has(address, length) ? this.#store.view(address, length) : undefined;
  }

  /** Everything back to zeros, at the frames as composed. */
  reset(): void {
    this.#frames.clear();
    this.#store.clear();
  }

  /** The content as plain data: the pages that are not all zeros, without what lies at changed frames. */
  save(): Saved {
    return saveMemory(this.regions, this.#store, this.#frames);
  }

  /** Takes back what {@link save} gave. Throws `RestoreError`, and changes nothing, for anything else. */
  restore(saved: Saved): void {
    restoreMemory(saved, this.#map, this.#store, this.#frames);
  }

  #enter(pe: Pe): Regime {
    const regime = regimeOf(this.#regime, pe);
    if ((regime.sctlr & SCTLR_M) !== 0) this.#load(pe, regime.registers);
    return regime;
  }

  #word(address: number): number {
    let page: Uint8Array | undefined;
    if (this.#frames.changed) {
      page = this.#frames.pageOfWord(address);
      if (page === undefined) return -1;
    } else {
      if (!this.#map.has(address, 4)) return -1;
      page = this.#store.page(address);
      if (page === undefined) return 0;
    }
    // Descriptors are aligned, so they do not cross pages.
    const at = address % PAGE_BYTES;
    const low = (page[at] as number) | ((page[at + 1] as number) << 8) | ((page[at + 2] as number) << 16);
    return (low | ((page[at + 3] as number) << 24)) >>> 0;
  }
}

/** Registers with which every walk faults: both ranges disabled (EPD), and for Hyp mode no table below 2^40. */
function noRegisters(_pe: Pe, into: TranslationRegisters): void {
  into.w[2 * TCR] = 0x8080_0080;
  into.w[2 * TTBR0 + 1] = 0xff00;
}
