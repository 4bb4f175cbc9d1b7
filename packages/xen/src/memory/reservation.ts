import type { Page } from './page.js';
import type { SharedPage } from './shared-page.js';

/**
 * How much memory a domain has, and the pages of it that somebody has asked for. A page counts from its allocation until
 * nobody uses it, whether or not a frame shows it.
 */
export class Reservation {
  /** Most pages the domain may have (max_pages). */
  maximum: number;
  /** Pages claimed and not yet allocated (outstanding_pages). */
  claimed = 0;
  /** Whether the allocation has been given up, at the domain's end: a page lives as long as others use it. */
  isRelinquished = false;
  readonly #pages = new Map<string, Page>();
  readonly #shared = new Map<string, SharedPage>();
  #total: number;
  #busy = 0;
  #busyShared = 0;

  constructor(pages: number) {
    this.#total = pages;
    this.maximum = pages;
  }

  /** Pages that the domain has (tot_pages). */
  get total(): number {
    return this.#total;
  }

  /** Whether nobody uses a page of the domain, beside the domain itself. */
  get isIdle(): boolean {
    return this.#busy === 0 && this.#busyShared === 0;
  }

  /** Adds pages; false beyond {@link maximum}. */
  allocate(count: number): boolean {
    if (this.isRelinquished || count > this.maximum - this.#total) return false;
    this.#total += count;
    this.claimed = Math.max(0, this.claimed - count);
    return true;
  }

  /** Takes out a page that was only counted: nobody had asked for it. */
  freeUntouched(): void {
    this.#total--;
  }

  /** Gives up what nobody else uses. */
  relinquish(): void {
    if (this.isRelinquished) return;
    this.isRelinquished = true;
    this.#total = this.#busy;
  }

  /** Makes a page known by its id. */
  add(page: Page): void {
    this.#pages.set(page.id, page);
  }

  /** Makes a page of Xen's known by its id, in place of one that had it before. */
  share(page: SharedPage): void {
    this.#shared.set(page.id, page);
  }

  find(id: string): Page | undefined {
    return this.#shared.get(id) ?? this.#pages.get(id);
  }

  /** The pages that are known, without Xen's. */
  get pages(): Iterable<Page> {
    return this.#pages.values();
  }

  /** Xen's pages. */
  get shared(): Iterable<SharedPage> {
    return this.#shared.values();
  }

  /** A page is used by somebody else from now on. */
  busy(page: Page): void {
    if (page.isXenHeap) this.#busyShared++;
    else this.#busy++;
  }

  /** Nobody else uses a page any more. */
  idle(page: Page): void {
    if (page.isXenHeap) this.#busyShared--;
    else this.#busy--;
  }

  /** A page is free. */
  freed(page: Page): void {
    if (page.isXenHeap) return;
    this.#total--;
    if (this.#pages.get(page.id) === page) this.#pages.delete(page.id);
  }

  /** Forgets what was: pages that others use count for nobody from now on. */
  begin(total: number): void {
    for (const page of this.#pages.values()) page.abandon();
    this.#pages.clear();
    for (const page of this.#shared.values()) page.restored(true);
    this.#total = total;
    this.#busy = 0;
    this.#busyShared = 0;
    this.claimed = 0;
    this.isRelinquished = false;
  }
}
