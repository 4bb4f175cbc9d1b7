import type { MemoryPage, SharedWords } from '@trapline/core';
import { domainReleased } from '../domain/death.js';
import type { DomainMemory } from './domain-memory.js';
import { PageWords } from './page-words.js';

/**
 * One page of memory as Xen counts it (struct page_info): who owns it, whether it is part of the owner's allocation, and
 * how many use it otherwise. It lives while either holds: a page that is granted, mapped by others or holds a vcpu_info
 * outlives its frame, and its owner's death.
 *
 * A frame that is only RAM needs no `Page`; one is made when somebody asks.
 */
export class Page {
  readonly owner: DomainMemory;
  /** Names it within its owner's memory over save and restore. */
  readonly id: string;
  /** Its content, where {@link hasBytes}. */
  readonly bytes: MemoryPage;
  /** Whether it is Xen's own (PGC_xen_heap): in its owner's map at one frame at a time, and not part of the reservation. */
  readonly isXenHeap: boolean = false;
  /** The same bytes as 32-bit words. */
  readonly cells: Uint32Array;
  /** Whether {@link bytes} are its content: not where it lies in memory of which the port shows words alone. */
  hasBytes = true;
  #words: SharedWords | undefined;
  #allocated = true;
  #references = 0;
  #abandoned = false;

  constructor(owner: DomainMemory, id: string, bytes: MemoryPage, words?: SharedWords) {
    this.owner = owner;
    this.id = id;
    this.bytes = bytes;
    this.cells = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    this.#words = words;
  }

  /** Its words, for what the owner changes at the same time. Asked for at each use: they move where a page is adopted. */
  get words(): SharedWords {
    this.#words ??= new PageWords(this.bytes);
    return this.#words;
  }

  /** Copies a part of it, as long as the target. */
  read(from: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(from, from + target.length));
  }

  /** Copies bytes into it; no byte beside is touched. */
  write(to: number, source: Uint8Array): void {
    this.bytes.set(source, to);
  }

  /** Uses of the page beside its owner's allocation. */
  get references(): number {
    return this.#references;
  }

  /** Whether it is part of its owner's allocation (PGC_allocated). */
  get isAllocated(): boolean {
    return this.#allocated === true && this.owner.reservation.isRelinquished === false;
  }

  /** Whether nobody has it: it cannot be used any more. */
  get isFree(): boolean {
    return this.#references === 0 && !this.isAllocated;
  }

  /** Takes a reference (get_page); false for a page that is free. */
  take(): boolean {
    if (this.isFree) return false;
    this.retake();
    return true;
  }

  /** Takes again a reference that was held when the machine was saved, of a page that may have no other. */
  retake(): void {
    if (this.#references === 0 && !this.#abandoned) this.owner.reservation.busy(this);
    this.#references++;
  }

  /** Gives a reference back (put_page): the last one frees a page that is allocated no more. */
  drop(): void {
    this.#references--;
    if (this.#references > 0 || this.#abandoned) return;
    this.owner.reservation.idle(this);
    if (!this.isFree) return;
    this.owner.pages.giveBack(this);
    if (this.owner.isGone) domainReleased(this.owner.domain);
  }

  /** Takes it out of its owner's allocation (put_page_alloc_ref). */
  deallocate(): void {
    if (!this.isAllocated) return;
    this.#allocated = false;
    if (this.isFree) this.owner.pages.giveBack(this);
  }

  /** The state of a page when it is restored: no reference, which every holder takes again by {@link retake}. */
  restored(allocated: boolean): void {
    this.#allocated = allocated;
    this.#references = 0;
    this.#abandoned = false;
  }

  /** The owner has begun a new life: the page belongs to those who still use it, and counts for nobody. */
  abandon(): void {
    this.#allocated = false;
    this.#abandoned = true;
  }

  /** Shows the words of another place from now on. */
  protected show(words: SharedWords): void {
    this.#words = words;
  }
}
