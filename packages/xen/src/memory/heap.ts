import type { Saved } from '@trapline/core';
import { SavedState } from '../domain/saved-state.js';
import { PAGE_BYTES } from './frames.js';
import { pageOfText, textOf } from './page-text.js';

/** The largest block (common/page_alloc.c, MAX_ORDER on ARM). */
const MAX_ORDER = 18;
/** Frames of a range: no RAM of a domain reaches so far. */
const RANGE = 2 ** 28;
/** Entries of a list that count no more before they are thrown away. */
const KEPT_STALE = 1024;

/** A block of 2^`order` pages that no domain has had, filled with a word: zero, or what Xen itself left there. */
export interface FreeBlock {
  readonly order: number;
  readonly fill: number;
}

/**
 * The machine's free pages that domains had before: a buddy allocator, as Xen's is (common/page_alloc.c,
 * alloc_heap_pages and free_heap_pages). What was freed last is allocated first, with what it held: Xen does not erase
 * what a living domain gives back (`scrub-domheap` is off where nobody says). A request that no freed block answers gets
 * pages that nobody has had.
 *
 * Pages go by machine frames of their own numbering: each domain's RAM has a range of them, in which neighbours are
 * neighbours.
 */
export class Heap {
  /** By order, the first pages of free blocks; the last comes first. A block that has been merged stays until it is met. */
  readonly #lists: number[][] = Array.from({ length: MAX_ORDER + 1 }, () => []);
  /** The order of each free block. */
  readonly #orders = new Map<number, number>();
  /** What free pages hold that are not zeros. */
  readonly #contents = new Map<number, Uint8Array>();
  #ranges = 1;
  #fresh = 0;

  /** `blocks` are free from the beginning ({@link HostDescription.freeBlocks}); those of one order in the order given. */
  constructor(blocks: readonly FreeBlock[] = []) {
    for (const { order, fill } of blocks.toReversed()) {
      const start = this.#freshBlock(order);
      this.#put(start, order);
      if (fill === 0) continue;
      const content = new Uint8Array(new Uint32Array(PAGE_BYTES / 4).fill(fill).buffer);
      for (let page = start; page < start + 2 ** order; page++) this.#contents.set(page, content);
    }
  }

  /** The machine frame of a domain's frame of RAM, as it was built. */
  static frameIn(range: number, frame: number): number {
    return range + (frame % RANGE);
  }

  /** The beginning of a range for a domain's RAM. */
  claim(): number {
    return this.#ranges++ * RANGE;
  }

  /** Takes back a page and what it held: nothing for zeros. */
  free(page: number, content: Uint8Array | undefined): void {
    if (content !== undefined) this.#contents.set(page, content);
    let start = page;
    let order = 0;
    for (; order < MAX_ORDER; order++) {
      const size = 2 ** order;
      const upper = Math.floor(start / size) % 2 === 1;
      const buddy = upper ? start - size : start + size;
      if (this.#orders.get(buddy) !== order) break;
      this.#orders.delete(buddy);
      if (upper) start = buddy;
    }
    this.#put(start, order);
  }

  /** The first page of a block of 2^order pages. */
  allocate(order: number): number {
    for (let from = order; from <= MAX_ORDER; from++) {
      const start = this.#take(from);
      if (start !== undefined) return this.#split(start, from, order);
    }
    return this.#freshBlock(order);
  }

  /** A single page that is erased. */
  allocateErased(): number {
    const page = this.allocate(0);
    this.#contents.delete(page);
    return page;
  }

  /** Allocates single pages for Xen itself, which erases them. */
  consume(pages: number): void {
    for (let i = 0; i < pages; i++) this.allocateErased();
  }

  /** Allocates a block that nobody will see. */
  lose(order: number): void {
    const start = this.allocate(order);
    for (const page of this.#contents.keys()) {
      if (page >= start && page < start + 2 ** order) this.#contents.delete(page);
    }
  }

  /** What a page that has been allocated held before: nothing for zeros. Asked for once. */
  contentOf(page: number): Uint8Array | undefined {
    const content = this.#contents.get(page);
    this.#contents.delete(page);
    return content;
  }

  /** The pages of a range are free no more: its domain begins anew. */
  forget(range: number): void {
    const inRange = (page: number): boolean => page >= range && page < range + RANGE;
    for (const start of this.#orders.keys()) if (inRange(start)) this.#orders.delete(start);
    for (const page of this.#contents.keys()) if (inRange(page)) this.#contents.delete(page);
  }

  save(): Saved {
    return {
      ranges: this.#ranges,
      fresh: this.#fresh,
      lists: this.#lists.map((_, order) => this.#listed(order)),
      contents: Array.from(this.#contents, ([page, bytes]) => ({ page, bytes: textOf(bytes) })),
    };
  }

  restore(saved: Saved): void {
    const state = new SavedState(saved, 'the heap');
    const ranges = state.integer('ranges', 1, Math.floor(Number.MAX_SAFE_INTEGER / RANGE));
    const fresh = state.integer('fresh', 0, Number.MAX_SAFE_INTEGER);
    const lists = state.list('lists', MAX_ORDER + 1).map((list) => new SavedState({ list }, 'the heap'));
    const blocks = lists.map((list) => list.integers('list', 0, Number.MAX_SAFE_INTEGER));
    const contents = state.parts('contents').map((part) => ({
      page: part.integer('page', 0, Number.MAX_SAFE_INTEGER),
      bytes: checkedPage(part),
    }));
    this.#orders.clear();
    this.#contents.clear();
    this.#ranges = ranges;
    this.#fresh = fresh;
    blocks.forEach((list, order) => {
      this.#lists[order] = list;
      for (const start of list) this.#orders.set(start, order);
    });
    for (const { page, bytes } of contents) this.#contents.set(page, bytes);
  }

  #put(start: number, order: number): void {
    const list = this.#lists[order] as number[];
    if (list.length > KEPT_STALE + 2 * this.#orders.size) this.#lists[order] = this.#listed(order);
    this.#orders.set(start, order);
    (this.#lists[order] as number[]).push(start);
  }

  #take(order: number): number | undefined {
    const list = this.#lists[order] as number[];
    for (let start = list.pop(); start !== undefined; start = list.pop()) {
      if (this.#orders.get(start) !== order) continue;
      this.#orders.delete(start);
      return start;
    }
    return undefined;
  }

  /** The lower half stays each time, and the upper one is looked at. */
  #split(start: number, from: number, order: number): number {
    let page = start;
    for (let i = from - 1; i >= order; i--) {
      this.#put(page, i);
      page += 2 ** i;
    }
    return page;
  }

  /** Blocks that nobody has had: never next to one another, so that they are not merged with what is unknown. */
  #freshBlock(order: number): number {
    const size = 2 ** (order + 1);
    const start = Math.ceil(this.#fresh / size) * size;
    this.#fresh = start + size;
    return start;
  }

  /** The free blocks of an order, the one that comes first at the end. */
  #listed(order: number): number[] {
    const seen = new Set<number>();
    const kept: number[] = [];
    for (const start of (this.#lists[order] as number[]).toReversed()) {
      if (this.#orders.get(start) !== order || seen.has(start)) continue;
      seen.add(start);
      kept.push(start);
    }
    return kept.reverse();
  }
}

function checkedPage(part: SavedState): Uint8Array {
  const bytes = pageOfText(part.text('bytes'));
  if (bytes === undefined) throw part.error('not the content of a page');
  return bytes;
}

/** A page's content as it is kept: nothing for zeros, else a copy. */
export function contentOf(bytes: Uint8Array): Uint8Array | undefined {
  for (let i = 0; i < PAGE_BYTES; i++) if (bytes[i] !== 0) return bytes.slice();
  return undefined;
}
