import type { MemoryPage, PageMapping, Saved } from '@trapline/core';
import type { DomainMemory } from './domain-memory.js';
import { frameOfId } from './frames.js';
import { readState, type SavedFrame, type SavedPage, saveState } from './memory-state.js';
import { Page } from './page.js';
import { fillWords } from './page-text.js';
import { isForeign } from './page-types.js';
import type { SharedPage } from './shared-page.js';

/**
 * Brings a domain's memory back, to a saved state or to its beginning. Domains are restored one by one, and pages are
 * shared among them: what refers to a domain that has not been restored yet finds its page when that is done.
 */
export class MemoryRestorer {
  readonly #memory: DomainMemory;
  readonly #mapping: PageMapping | undefined;
  /** Frames that wait for their page's owner to be restored. */
  #waiting: readonly SavedFrame[] = [];
  /** What pages of Xen's held that are not there yet. */
  readonly #contents = new Map<string, MemoryPage>();

  constructor(memory: DomainMemory, mapping: PageMapping | undefined) {
    this.#memory = memory;
    this.#mapping = mapping;
  }

  save(): Saved {
    return saveState(this.#memory);
  }

  /** Gives whether the domain was dying. */
  restore(saved: Saved): boolean {
    const memory = this.#memory;
    const state = readState(saved, memory);
    const { map, reservation } = memory;
    const old = new Map(Array.from(reservation.pages, (page) => [page.id, page.bytes]));
    map.forget();
    map.tables.restore(state.tables);
    reservation.begin(state.total);
    for (const page of state.pages) this.#bringBack(page, old.get(page.id));
    reservation.maximum = state.maximum;
    reservation.claimed = state.claimed;
    memory.pages.range = state.range;
    this.#contents.clear();
    for (const [id, bytes] of state.shared) this.#contents.set(id, bytes);
    for (const page of reservation.shared) this.fill(page);
    for (const { start, count } of state.holes) for (let i = 0; i < count; i++) map.clear(start + i);
    this.#waiting = state.frames.filter((frame) => !this.#link(frame));
    map.highest = state.highest;
    reservation.isRelinquished = state.relinquished;
    map.isRelinquished = state.relinquished;
    return state.dying;
  }

  /** Lets all domains find the pages of this one again, and those pages of theirs that they wait for. */
  link(): void {
    const memory = this.#memory;
    for (const domain of memory.domain.xen.domains) {
      if (domain.memory !== memory) domain.memory.map.rebind(memory);
      domain.memory.link();
    }
    memory.link();
  }

  /** Puts pages at frames that waited for them. */
  linkOthers(): void {
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((frame) => !this.#link(frame));
  }

  /** Gives a page of Xen's what it held. */
  fill(page: SharedPage): void {
    const bytes = this.#contents.get(page.id);
    if (bytes === undefined) return;
    this.#contents.delete(page.id);
    fillWords(page.words, bytes);
  }

  /** Frames as built: RAM that had lost its frame, or whose page others use, gets a page of its own. */
  reset(): void {
    const { map, reservation } = this.#memory;
    const mapping = this.#mapping;
    const lost: [frame: number, content: MemoryPage | undefined][] = [];
    for (const [frame, type, page] of map.changed()) {
      const own = type === 'ram' && page !== undefined && page.owner === this.#memory && !page.isXenHeap;
      if (map.ram.has(frame)) lost.push([frame, own ? page.bytes : undefined]);
      else mapping?.unmap(frame);
    }
    const seen = this.#seenByOthers();
    for (const page of reservation.pages) {
      const used = page.references > 0 || seen.has(page);
      if (used && map.isAsBuilt(page)) lost.push([frameOfId(page.id), page.bytes]);
    }
    map.forget();
    this.#waiting = [];
    this.#contents.clear();
    reservation.begin(map.ram.count);
    for (const [frame, content] of mapping ? lost : []) {
      const page = this.#memory.pages.take(frame) as Page;
      if (content !== undefined) page.bytes.set(content);
      map.set(frame, 'ram', page);
    }
  }

  /** The domain's pages that others have at their frames: a grant's mapping can be left behind without a reference. */
  #seenByOthers(): ReadonlySet<Page> {
    const seen = new Set<Page>();
    const memory = this.#memory;
    for (const other of memory.domain.xen.domains) {
      if (other.memory === memory) continue;
      for (const page of other.memory.map.pagesOf(memory)) seen.add(page);
    }
    return seen;
  }

  #link({ frame, type, owner, page: id }: SavedFrame): boolean {
    const memory = this.#memory;
    const page = id === undefined ? undefined : memory.domain.xen.domain(owner)?.memory.pageOf(id);
    if (id !== undefined && page === undefined) return false;
    if (memory.map.set(frame, type, page) !== 0) return false;
    if (isForeign(type)) page?.retake();
    return true;
  }

  #bringBack({ id, allocated, bytes }: SavedPage, old: MemoryPage | undefined): void {
    const memory = this.#memory;
    if (bytes === undefined) {
      memory.pageOf(id)?.restored(allocated);
      return;
    }
    // Where others still have the page it stays in its place.
    const place =
      this.#mapping?.page(frameOfId(id)) ?? old ?? this.#mapping?.allocate() ?? new Uint8Array(bytes.length);
    place.set(bytes);
    memory.keep(new Page(memory, id, place)).restored(allocated);
  }
}
