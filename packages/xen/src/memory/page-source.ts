import type { MemoryPort } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import type { DomainMemory } from './domain-memory.js';
import { addressOfFrame, allocatedOfId, frameOfId, PAGE_BYTES, pageId } from './frames.js';
import { contentOf, Heap } from './heap.js';
import { Page } from './page.js';

/** Where a domain's pages come from, and where they go: the machine's {@link Heap}. */
export class PageSource {
  /** The beginning of the machine frames of the domain's RAM, as {@link Heap} numbers them. */
  range: number;
  readonly #memory: DomainMemory;
  readonly #port: MemoryPort | undefined;

  constructor(memory: DomainMemory, port: MemoryPort | undefined) {
    this.#memory = memory;
    this.#port = port;
    this.range = this.#heap.claim();
  }

  get #heap(): Heap {
    return this.#memory.domain.xen.heap;
  }

  /**
   * Puts a page that the heap has allocated at a frame: 0, or what {@link PhysicalMap.set} gives. It has been counted
   * before.
   */
  populate(frame: number, allocated: number): number {
    const { map } = this.#memory;
    if (!map.reaches(frame)) return -ERRNO.EINVAL;
    return map.set(frame, 'ram', this.take(frame, allocated));
  }

  /**
   * A page that the heap has allocated, for a frame, with what it held before, or one of zeros; undefined where the port
   * cannot map pages and only the frame's own bytes, as zeros, can be there.
   */
  take(frame: number, allocated: number = this.#heap.allocateErased()): Page | undefined {
    const mapping = this.#port?.mapping;
    const content = this.#heap.contentOf(allocated);
    if (mapping !== undefined) {
      const bytes = mapping.allocate();
      if (content !== undefined) bytes.set(content);
      return this.#memory.keep(new Page(this.#memory, pageId(allocated), bytes));
    }
    const { map } = this.#memory;
    if (!map.ram.has(frame)) return undefined;
    this.#port?.write(addressOfFrame(frame), new Uint8Array(PAGE_BYTES));
    return map.makeAsBuilt(frame);
  }

  /** A page is free. What it holds goes with it, unless its owner ends: those are erased (free_domheap_pages). */
  giveBack(page: Page): void {
    const { reservation, isDying, canMapPages } = this.#memory;
    reservation.freed(page);
    if (page.isXenHeap || isDying || !canMapPages) return;
    const allocated = allocatedOfId(page.id) ?? Heap.frameIn(this.range, frameOfId(page.id));
    this.#heap.free(allocated, contentOf(page.bytes));
  }

  /** Frees RAM as it was built that nobody has asked for; what it held is given by {@link contentAt}. */
  giveBackUntouched(frame: number, content: Uint8Array | undefined): void {
    const { reservation, canMapPages } = this.#memory;
    reservation.freeUntouched();
    if (canMapPages) this.#heap.free(Heap.frameIn(this.range, frame), content);
  }

  /** What a frame of RAM holds that is to be freed: nothing for zeros. */
  contentAt(frame: number): Uint8Array | undefined {
    if (!this.#memory.canMapPages) return undefined;
    const bytes = new Uint8Array(PAGE_BYTES);
    return this.#port?.read(addressOfFrame(frame), bytes) ? contentOf(bytes) : undefined;
  }

  /** The domain begins anew: none of its RAM is free. Pages that others still use keep their place in the machine. */
  reset(): void {
    this.#heap.forget(this.range);
    if (!this.#memory.reservation.isIdle) this.range = this.#heap.claim();
  }
}
