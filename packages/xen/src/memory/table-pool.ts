import type { DomainMemory } from './domain-memory.js';
import type { FrameRange, FrameRanges } from './ranges.js';

/** Entries of a translation table, as a shift (XEN_PT_LPAE_SHIFT). */
const TABLE_SHIFT = 9;
/** Pages that every domain's map has at first (p2m_init). */
const FIRST_PAGES = 16;
/** Pages for each vCPU, and for extended regions (domain_build.c, domain_p2m_pages). */
const PAGES_PER_VCPU = 256;
const REGION_PAGES = 128;
/** Pages of a MiB: RAM has one table page for each, and the pool is made of whole MiB. */
const PAGES_PER_MIB = 256;

/**
 * The pages of which a domain's translation tables are made. A table is made for the first frame of its 2 MiB that
 * changes, and stays: so a guest that maps at frames far from one another comes to an end, and Xen's memory does not.
 */
export class TablePool {
  /** The tables of each level below the root, by the frames' upper bits; the last level at the end. */
  readonly #levels: readonly { readonly bits: number; readonly tables: Set<number> }[];
  readonly #ranges: readonly FrameRange[];
  readonly #tell: () => void;
  #left: number;
  #last = -1;

  /**
   * Takes how many table pages there are, how many levels of tables below the root, what the domain is built with (its
   * frames have all tables but those of the last level), and who is told of each table that is made.
   */
  constructor(pages: number, levels: number, ranges: readonly FrameRange[], tell: () => void = () => {}) {
    this.#left = pages;
    this.#ranges = ranges;
    this.#tell = tell;
    this.#levels = Array.from({ length: levels }, (_, i) => ({ bits: TABLE_SHIFT * (levels - i), tables: new Set() }));
    this.#build();
  }

  /** The pages that a domain of this size is given. */
  static pagesFor(ramPages: number, vcpus: number): number {
    const wanted = PAGES_PER_VCPU * vcpus + Math.floor(ramPages / PAGES_PER_MIB) + REGION_PAGES;
    return Math.ceil(wanted / PAGES_PER_MIB) * PAGES_PER_MIB + FIRST_PAGES;
  }

  /** Makes the tables for a frame; false where the pool is empty. Upper ones that were made stay. */
  reach(frame: number): boolean {
    const region = frame < 2 ** 31 ? frame >>> TABLE_SHIFT : Math.floor(frame / 2 ** TABLE_SHIFT);
    if (region === this.#last) return true;
    for (const { bits, tables } of this.#levels) {
      const table = Math.floor(frame / 2 ** bits);
      if (tables.has(table)) continue;
      if (this.#left === 0) return false;
      this.#left--;
      tables.add(table);
      this.#tell();
    }
    this.#last = region;
    return true;
  }

  /** The tables that have been made, level by level. */
  get made(): readonly (readonly number[])[] {
    return this.#levels.map(({ tables }) => [...tables]);
  }

  /** Takes back what {@link made} gave: the tables of a machine that was saved. */
  restore(made: readonly (readonly number[])[]): void {
    this.#levels.forEach(({ tables }, level) => {
      const before = tables.size;
      for (const table of made[level] ?? []) tables.add(table);
      this.#left -= tables.size - before;
    });
  }

  /** Gives all tables back. */
  clear(): void {
    for (const { tables } of this.#levels) {
      this.#left += tables.size;
      tables.clear();
    }
    this.#last = -1;
    this.#build();
  }

  #build(): void {
    for (const { bits, tables } of this.#levels.slice(0, -1)) {
      for (const { start, count } of this.#ranges) {
        for (let table = Math.floor(start / 2 ** bits); table * 2 ** bits < start + count; table++) tables.add(table);
      }
      this.#left -= tables.size;
    }
  }
}

/** The control domain's tables come from the heap, everybody else's from a pool of the domain's own. */
export function tablesOf(memory: DomainMemory, ram: FrameRanges, devices: FrameRanges, levels: number): TablePool {
  const { domain } = memory;
  const { heap, host } = domain.xen;
  const built = [...ram.list(), ...devices.list()];
  const made = (): void => {
    if (!memory.isRestoring) heap.consume(1);
  };
  if (domain.privileged) return new TablePool(host.freePages, levels, built, made);
  return new TablePool(TablePool.pagesFor(ram.count, domain.vcpus.length), levels, built);
}
