import { FrameTable, type MemoryPort } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import type { DomainMemory } from './domain-memory.js';
import { asBuiltId, frameLimit, frameOfId, NO_FRAME, tableLevels } from './frames.js';
import { GuestFrames } from './guest-frames.js';
import { HOLE, type KeptEntry, type MapEntry } from './map-entry.js';
import type { Page } from './page.js';
import { isAnyRam, isForeign, type PageType } from './page-types.js';
import { type FrameRange, FrameRanges } from './ranges.js';
import type { SharedPage } from './shared-page.js';
import { type TablePool, tablesOf } from './table-pool.js';

/** Entries that are kept once their frames are holes again, so that a map there, or elsewhere, allocates nothing. */
const KEPT_HOLES = 1024;

/**
 * What each frame of a domain holds (Xen's p2m). Frames as the domain was built need no entry: RAM is RAM, devices are
 * devices, and the rest is holes. What is put in the map is put in the guest's memory as well, where it can map pages.
 */
export class PhysicalMap {
  readonly ram: FrameRanges;
  readonly #devices: FrameRanges;
  readonly #memory: DomainMemory;
  readonly #guest: GuestFrames;
  readonly #limit: number;
  /** What its translation tables are made of. */
  readonly tables: TablePool;
  /** Pages of RAM that has lost its frame, of a domain whose frames are machine frames: only they can be there again. */
  readonly #displaced: Map<number, Page> | undefined;
  readonly #entries = new FrameTable<KeptEntry>();
  readonly #spare: KeptEntry[] = [];
  #keptHoles = 0;
  /** Whether the domain has ended: nothing is at any frame. */
  isRelinquished = false;
  /** The highest frame that was ever mapped (max_mapped_gfn): it never goes down. */
  highest = 0;

  constructor(
    memory: DomainMemory,
    port: MemoryPort | undefined,
    ram: readonly FrameRange[],
    devices: readonly FrameRange[],
    addressBits: number,
    directMapped: boolean,
  ) {
    this.#memory = memory;
    this.#guest = new GuestFrames(port);
    this.ram = new FrameRanges(ram);
    this.#devices = new FrameRanges(devices);
    this.#limit = frameLimit(addressBits);
    this.tables = tablesOf(memory, this.ram, this.#devices, tableLevels(addressBits));
    this.#displaced = directMapped ? new Map() : undefined;
    this.highest = this.#highestBuilt;
  }

  typeOf(frame: number): PageType {
    if (this.isRelinquished) return 'hole';
    const entry = this.#entries.get(frame);
    if (entry !== undefined) return entry.type;
    if (this.ram.has(frame)) return 'ram';
    return this.#devices.has(frame) ? 'device' : 'hole';
  }

  /** The page at a frame, whoever owns it; undefined for holes and devices, and for RAM that the port cannot show. */
  pageAt(frame: number): Page | undefined {
    if (this.isRelinquished) return undefined;
    const entry = this.#entries.get(frame);
    if (entry !== undefined) return entry.page;
    return this.ram.has(frame) ? this.#asBuilt(frame) : undefined;
  }

  /** Type and page at once, for operands; undefined where no page is known: holes, devices, RAM that the port cannot show. */
  entryAt(frame: number): MapEntry | undefined {
    const entry = this.#entries.get(frame);
    if (entry !== undefined) return this.isRelinquished === true ? undefined : entry;
    return this.pageAt(frame) === undefined ? undefined : this.#entries.get(frame);
  }

  /** Whether the tables have the frame. */
  reaches(frame: number): boolean {
    return frame >= 0 && frame < this.#limit;
  }

  /** Whether a frame of the machine is a device's that the domain may use. */
  mayUseDevice(frame: number): boolean {
    return this.#devices.has(frame);
  }

  /** The page that a frame of RAM was built with, wherever it is; only for a domain whose frames are machine frames. */
  builtWith(frame: number): Page | undefined {
    return this.#displaced?.get(frame) ?? (this.typeOf(frame) === 'ram' ? this.pageAt(frame) : undefined);
  }

  /** A page for what the port has at a frame of RAM; undefined where it cannot show it. */
  makeAsBuilt(frame: number): Page | undefined {
    const page = this.#guest.page(this.#memory, frame);
    return page && this.#memory.keep(page);
  }

  /** Whether a frame is RAM as the domain was built with it, and nobody has asked for its page. */
  isUntouched(frame: number): boolean {
    return !this.#entries.has(frame) && this.ram.has(frame);
  }

  /**
   * Puts a page, or a device's frame, in place of what is there (p2m_set_entry): 0, -EINVAL for a frame beyond the
   * tables, -ENOENT where the domain has no pages for more tables, -ENOMEM for a domain that is dying or a port that
   * cannot map it. What was there is let go: the reference of a foreign mapping, the place of a page of Xen's. RAM stays
   * allocated.
   */
  set(frame: number, type: PageType, page: Page | undefined): number {
    if (this.#memory.isDying) return -ERRNO.ENOMEM;
    if (!this.reaches(frame)) return -ERRNO.EINVAL;
    if (!this.tables.reach(frame)) return this.isUntouched(frame) ? -ERRNO.ENOMEM : -ERRNO.ENOENT;
    this.#keep(frame);
    const fits = this.#guest.canMap ? this.#guest.show(frame, type, page?.bytes) : this.#canAdopt(frame, page);
    if (!fits) return -ERRNO.ENOMEM;
    let entry = this.#entries.get(frame);
    if (entry !== undefined) this.#letGo(entry, page);
    if (type === 'ram' && page === undefined) {
      // RAM that the port cannot show is there again as built.
      this.#entries.delete(frame);
      return 0;
    }
    if (entry === undefined || entry === HOLE) {
      entry = this.#spare.pop() ?? { type, page, isOutside: false };
      entry.isOutside = this.#isOutside(frame);
      this.#entries.set(frame, entry);
    } else if (entry.type === 'hole') this.#keptHoles--;
    entry.type = type;
    entry.page = page;
    if (type === 'ram' && page?.isXenHeap) this.#place(frame, page as SharedPage);
    if (frame > this.highest) this.highest = frame;
    return 0;
  }

  /**
   * Makes a frame a hole, where it holds this page or none at all (p2m_remove_mapping): 0, -EILSEQ for another page,
   * -EINVAL beyond the tables, -ENOMEM for a domain that is dying.
   */
  remove(frame: number, page: Page): number {
    const entry = this.entryAt(frame);
    const isRam = entry === undefined ? this.typeOf(frame) === 'ram' : isAnyRam(entry.type);
    if (isRam && entry?.page !== page) return -ERRNO.EILSEQ;
    return this.clear(frame);
  }

  /** Makes a frame a hole, whatever it holds. */
  clear(frame: number): number {
    if (this.#memory.isDying) return -ERRNO.ENOMEM;
    if (!this.reaches(frame)) return -ERRNO.EINVAL;
    // RAM as built is mapped by larger blocks than pages: the first hole splits one.
    if (this.isUntouched(frame) && !this.tables.reach(frame)) return -ERRNO.ENOMEM;
    this.#makeHole(frame);
    return 0;
  }

  /** Whether a page is at the frame that it was built for, as RAM. */
  isAsBuilt(page: Page): boolean {
    const entry = this.#entries.get(frameOfId(page.id));
    return entry?.page === page && entry.type === 'ram';
  }

  /**
   * Finds the pages of a domain again whose memory has been restored: those that are no more leave holes. References of
   * foreign mappings are taken again.
   */
  rebind(owner: DomainMemory): void {
    for (const [frame, entry] of this.#entries) {
      if (entry.page?.owner !== owner) continue;
      const page = owner.pageOf(entry.page.id);
      if (page === undefined || !this.#guest.show(frame, entry.type, page.bytes)) {
        entry.page = undefined;
        this.#makeHole(frame);
        continue;
      }
      entry.page = page;
      if (isForeign(entry.type)) page.retake();
    }
  }

  /** The frames that are not as the domain was built, with what they hold. */
  *changed(): Generator<readonly [frame: number, type: PageType, page: Page | undefined], void, void> {
    for (const [frame, { type, page, isOutside }] of this.#entries) {
      if (type === 'hole' && isOutside) continue;
      if (type === 'ram' && page?.id === asBuiltId(frame)) continue;
      yield [frame, type, page];
    }
  }

  /** All frames as the domain was built, in the map alone: the port's frames are somebody else's to put back. */
  forget(): void {
    for (const entry of this.#entries.values()) this.#letGo(entry, undefined);
    this.#entries.clear();
    this.#displaced?.clear();
    this.tables.clear();
    this.isRelinquished = false;
    this.#keptHoles = 0;
    this.highest = this.#highestBuilt;
  }

  /**
   * The domain is no more, and nothing is at any frame. What is others' or Xen's is taken from the guest's memory; its
   * own RAM stays there, for whoever looks at what was left.
   */
  relinquish(): void {
    for (const [frame, { type, page }] of this.#entries) {
      if (type !== 'hole' && (page === undefined || page.owner !== this.#memory || page.isXenHeap))
        this.#makeHole(frame);
    }
    this.isRelinquished = true;
  }

  /** The pages of a domain that are at any frame here. */
  *pagesOf(owner: DomainMemory): Generator<Page, void, void> {
    for (const { page } of this.#entries.values()) if (page?.owner === owner) yield page;
  }

  #makeHole(frame: number): void {
    const entry = this.#entries.get(frame);
    if (entry === undefined ? this.typeOf(frame) === 'hole' : entry.type === 'hole') return;
    this.#keep(frame);
    if (entry !== undefined) this.#letGo(entry, undefined);
    this.#guest.hide(frame);
    if (entry === undefined) this.#entries.set(frame, HOLE);
    else this.#leaveHole(frame, entry);
  }

  /** The entry of a frame that is a hole from now on. */
  #leaveHole(frame: number, entry: KeptEntry): void {
    entry.type = 'hole';
    entry.page = undefined;
    if (entry.isOutside && this.#keptHoles < KEPT_HOLES) {
      this.#keptHoles++;
      return;
    }
    if (this.#spare.length < KEPT_HOLES) this.#spare.push(entry);
    if (entry.isOutside) this.#entries.delete(frame);
    else this.#entries.set(frame, HOLE);
  }

  /** What p2m_put_l3_page does for an entry that another replaces. */
  #letGo({ type, page }: KeptEntry, next: Page | undefined): void {
    if (page === undefined) return;
    if (isForeign(type)) page.drop();
    else if (type === 'ram' && page.isXenHeap && page !== next) {
      (page as SharedPage).frame = NO_FRAME;
      if (!this.#guest.canMap) (page as SharedPage).release();
    }
  }

  /** Whether a frame can hold a page where none can be mapped: what it was built with, or one that moves there. */
  #canAdopt(frame: number, page: Page | undefined): boolean {
    if (!this.#guest.exist || !this.ram.has(frame)) return false;
    if (page === undefined) return true;
    if (page.owner !== this.#memory) return false;
    return page.id === asBuiltId(frame) || (page.isXenHeap && this.#guest.words(frame) !== undefined);
  }

  /** Says where a page of Xen's is now, and moves it there where the port cannot map it. */
  #place(frame: number, page: SharedPage): void {
    page.frame = frame;
    const words = this.#guest.canMap ? undefined : this.#guest.words(frame);
    if (words !== undefined) page.adopt(words);
  }

  get #highestBuilt(): number {
    return Math.max(0, this.ram.end - 1, this.#devices.end - 1);
  }

  /** Whether a frame is a hole as the domain was built. */
  #isOutside(frame: number): boolean {
    return !this.ram.has(frame) && !this.#devices.has(frame);
  }

  /** The page of a frame of RAM as the domain was built, from now on known. */
  #asBuilt(frame: number): Page | undefined {
    const page = this.makeAsBuilt(frame);
    if (page !== undefined) this.#entries.set(frame, { type: 'ram', page, isOutside: false });
    return page;
  }

  /** Keeps the page of a frame that is about to lose it. */
  #keep(frame: number): void {
    if (this.#displaced === undefined || this.#displaced.has(frame) || !this.ram.has(frame)) return;
    const page = this.pageAt(frame);
    if (page !== undefined && page.id === asBuiltId(frame)) this.#displaced.set(frame, page);
  }
}
