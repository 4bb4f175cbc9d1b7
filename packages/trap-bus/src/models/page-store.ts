/** Bytes of one page of the sparse memory. */
export const PAGE_BYTES = 4096;

/** Most bytes that one view can span: views of several pages need an area of their own. */
export const MAX_VIEW_BYTES: number = 16 * 2 ** 20;

/**
 * Pages of zeros until they are written. Knows nothing of regions: callers have checked the range.
 *
 * Existing pages are read and written without allocating: bytes go one by one, and whole pages by `set`, because a
 * subarray would be an object each time.
 */
export class PageStore {
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages that a view shows: they can no longer move to another buffer. */
  readonly #pinned = new Set<number>();
  readonly #limit: number;

  constructor(limitBytes: number) {
    this.#limit = Math.floor(limitBytes / PAGE_BYTES);
  }

  /** Bytes that pages take now. */
  get resident(): number {
    return this.#pages.size * PAGE_BYTES;
  }

  /** The page that holds an address; undefined while nobody has written it. */
  page(address: number): Uint8Array | undefined {
    return this.#pages.get(Math.floor(address / PAGE_BYTES));
  }

  read(address: number, target: Uint8Array): void {
    const end = target.length;
    // Offsets by subtraction: the remainder of a division of doubles is a call into the C library.
    let number = Math.floor(address / PAGE_BYTES);
    let from = address - number * PAGE_BYTES;
    for (let done = 0; done < end; number++, from = 0) {
      const count = Math.min(PAGE_BYTES - from, end - done);
      const page = this.#pages.get(number);
      if (page === undefined) target.fill(0, done, done + count);
      else if (count === PAGE_BYTES) target.set(page, done);
      else for (let i = 0; i < count; i++) target[done + i] = page[from + i] as number;
      done += count;
    }
  }

  /** False, and nothing written, where the pages it needs would exceed the limit. */
  write(address: number, source: Uint8Array): boolean {
    const end = source.length;
    if (end === 0) return true;
    let number = Math.floor(address / PAGE_BYTES);
    let to = address - number * PAGE_BYTES;
    if (!this.#populate(number, Math.floor((address + (end - 1)) / PAGE_BYTES))) return false;
    for (let done = 0; done < end; number++, to = 0) {
      const count = Math.min(PAGE_BYTES - to, end - done);
      const page = this.#pages.get(number) as Uint8Array;
      for (let i = 0; i < count; i++) page[to + i] = source[done + i] as number;
      done += count;
    }
    return true;
  }

  /** The page of an address, made if need be; undefined where the limit is reached. */
  touch(address: number): Uint8Array | undefined {
    const number = Math.floor(address / PAGE_BYTES);
    return this.#populate(number, number) ? this.#pages.get(number) : undefined;
  }

  /** The page of a number, made if need be, that stays where it is from now on; undefined where the limit is reached. */
  pin(number: number): Uint8Array | undefined {
    if (!this.#populate(number, number)) return undefined;
    this.#pinned.add(number);
    return this.#pages.get(number);
  }

  /**
   * A view that stays. Undefined above {@link MAX_VIEW_BYTES}, past the limit, or where the range holds pages that
   * older views show in another buffer: those would have to move.
   */
  view(address: number, length: number): Uint8Array | undefined {
    if (length === 0) return new Uint8Array(0);
    if (length > MAX_VIEW_BYTES) return undefined;
    const first = Math.floor(address / PAGE_BYTES);
    const last = Math.floor((address + (length - 1)) / PAGE_BYTES);
    if (!this.#contiguous(first, last) && !this.#gather(first, last)) return undefined;
    for (let number = first; number <= last; number++) this.#pinned.add(number);
    const { buffer, byteOffset } = this.#pages.get(first) as Uint8Array;
    return new Uint8Array(buffer, byteOffset + (address - first * PAGE_BYTES), length);
  }

  /** Every page that is not all zeros, by address. */
  *contents(): Generator<readonly [address: number, bytes: Uint8Array], void, void> {
    const numbers = [...this.#pages.keys()].sort((a, b) => a - b);
    for (const number of numbers) {
      const page = this.#pages.get(number) as Uint8Array;
      if (page.some((byte) => byte !== 0)) yield [number * PAGE_BYTES, page];
    }
  }

  /** Back to zeros; views stay shared. */
  clear(): void {
    for (const [number, page] of this.#pages) {
      if (this.#pinned.has(number)) page.fill(0);
      else this.#pages.delete(number);
    }
  }

  /** Whether the limit allows these page numbers beside the pinned pages, which stay. */
  fits(numbers: ReadonlySet<number>): boolean {
    let count = numbers.size;
    for (const number of this.#pinned) if (!numbers.has(number)) count++;
    return count <= this.#limit;
  }

  #populate(first: number, last: number): boolean {
    let missing = 0;
    for (let number = first; number <= last; number++) if (!this.#pages.has(number)) missing++;
    if (missing === 0) return true;
    if (this.#pages.size + missing > this.#limit) return false;
    for (let number = first; number <= last; number++) {
      if (!this.#pages.has(number)) this.#pages.set(number, new Uint8Array(PAGE_BYTES));
    }
    return true;
  }

  #contiguous(first: number, last: number): boolean {
    const start = this.#pages.get(first);
    if (start === undefined) return false;
    for (let number = first + 1; number <= last; number++) {
      const page = this.#pages.get(number);
      if (page?.buffer !== start.buffer) return false;
      if (page.byteOffset !== start.byteOffset + (number - first) * PAGE_BYTES) return false;
    }
    return true;
  }

  /** Moves the pages of a range into one buffer. */
  #gather(first: number, last: number): boolean {
    for (let number = first; number <= last; number++) if (this.#pinned.has(number)) return false;
    let missing = 0;
    for (let number = first; number <= last; number++) if (!this.#pages.has(number)) missing++;
    if (this.#pages.size + missing > this.#limit) return false;
    const area = new Uint8Array((last - first + 1) * PAGE_BYTES);
    for (let number = first; number <= last; number++) {
      const start = (number - first) * PAGE_BYTES;
      const old = this.#pages.get(number);
      if (old) area.set(old, start);
      this.#pages.set(number, area.subarray(start, start + PAGE_BYTES));
    }
    return true;
  }
}
