import { ADDRESS_LIMIT, FrameTable, type MemoryPage, type PageMapping } from '@trapline/core';
import type { MemoryMap } from './memory-map.js';
import { PAGE_BYTES, type PageStore } from './page-store.js';

/** Frames lie below this: an address is a Number below 2^53. */
const FRAME_LIMIT = ADDRESS_LIMIT / PAGE_BYTES;

/** Frames outside of the regions that are kept in mind once they are holes again: mapping there allocates nothing then. */
const KEPT_HOLES = 1024;

/** A frame that is not what the regions say: another page, or nothing. */
interface ChangedFrame {
  /** Whether the regions have a page there. */
  readonly composed: boolean;
  /** What loads reach; undefined in a hole. */
  readable: MemoryPage | undefined;
  /** What stores reach; undefined in a hole, and where the page is mapped for reading only. */
  writable: MemoryPage | undefined;
}

/**
 * The frames of one memory that a mapper has changed: holes in RAM, and pages of anybody's inside and outside of the
 * regions. A memory asks here only while {@link changed} is true, so that one without such frames pays for none.
 *
 * A page that a region has at a changed frame is hidden, not lost: mapped back for writing, the frame is as composed.
 */
export class MemoryFrames implements PageMapping {
  readonly pageBytes: number = PAGE_BYTES;
  /** Whether any frame is not what the regions say. */
  changed = false;
  readonly #map: MemoryMap;
  readonly #store: PageStore;
  readonly #frames = new FrameTable<ChangedFrame>();
  /** What an unwritten page of a region reads as. */
  readonly #zeros = new Uint8Array(PAGE_BYTES);
  #keptHoles = 0;
  /** The last page that was found to be whole and aligned. */
  #whole: MemoryPage | undefined;

  constructor(map: MemoryMap, store: PageStore) {
    this.#map = map;
    this.#store = store;
  }

  allocate(): MemoryPage {
    return new Uint8Array(PAGE_BYTES);
  }

  page(frame: number): MemoryPage | undefined {
    const found = this.#frames.get(frame);
    if (found !== undefined) return found.readable;
    return this.#composed(frame) ? this.#store.pin(frame) : undefined;
  }

  /** False for a frame past 2^53, and for bytes that are no whole page at a multiple of four. */
  map(frame: number, page: MemoryPage, access: 'read' | 'write'): boolean {
    if (!Number.isInteger(frame) || frame < 0 || frame >= FRAME_LIMIT) return false;
    if (page !== this.#whole) {
      if (page.length !== PAGE_BYTES || page.byteOffset % 4 !== 0) return false;
      this.#whole = page;
    }
    const found = this.#frames.get(frame);
    const composed = found === undefined ? this.#composed(frame) : found.composed;
    const own = composed && access === 'write' && this.#store.page(frame * PAGE_BYTES) === page;
    if (own) this.#frames.delete(frame);
    else this.#put(frame, found, composed, page, access === 'write' ? page : undefined);
    this.changed = this.#frames.size > 0;
    return true;
  }

  unmap(frame: number): void {
    const found = this.#frames.get(frame);
    const composed = found === undefined ? this.#composed(frame) : found.composed;
    if (composed) this.#put(frame, found, composed, undefined, undefined);
    else if (found !== undefined) this.#forget(frame, found);
    this.changed = this.#frames.size > 0;
  }

  /** Every frame as composed again. */
  clear(): void {
    this.#frames.clear();
    this.#keptHoles = 0;
    this.#whole = undefined;
    this.changed = false;
  }

  /** Whether what the frame's region holds is not what the guest sees there. */
  hides(address: number): boolean {
    return this.#frames.has(Math.floor(address / PAGE_BYTES));
  }

  /** Whether every byte of the range is memory, readable at least. */
  has(address: number, length: number): boolean {
    if (length === 0) return true;
    if (!(length > 0) || !Number.isSafeInteger(address) || address < 0 || length > ADDRESS_LIMIT - address)
      return false;
    const first = Math.floor(address / PAGE_BYTES);
    const last = Math.floor((address + (length - 1)) / PAGE_BYTES);
    if (first === last) return this.#bytes(first, address, length, false) !== undefined;
    // A range may have more frames than there is time for: between changed frames the regions answer for all at once.
    let from = address;
    for (const frame of this.#within(first, last)) {
      if (this.#frames.get(frame)?.readable === undefined) return false;
      const start = frame * PAGE_BYTES;
      if (start > from && !this.#map.has(from, start - from)) return false;
      from = start + PAGE_BYTES;
    }
    const rest = length - (from - address);
    return rest <= 0 || this.#map.has(from, rest);
  }

  read(address: number, target: Uint8Array): boolean {
    const end = target.length;
    if (end > 0 && !Number.isSafeInteger(address)) return false;
    if (this.#crosses(address, end) && !this.has(address, end)) return false;
    let frame = Math.floor(address / PAGE_BYTES);
    let from = address - frame * PAGE_BYTES;
    for (let done = 0; done < end; frame++, from = 0) {
      const count = Math.min(PAGE_BYTES - from, end - done);
      const page = this.#bytes(frame, frame * PAGE_BYTES + from, count, false);
      if (page === undefined) return false;
      for (let i = 0; i < count; i++) target[done + i] = page[from + i] as number;
      done += count;
    }
    return true;
  }

  /** False, and nothing written, where a byte is in a hole, read-only, or beyond the resident limit. */
  write(address: number, source: Uint8Array): boolean {
    const end = source.length;
    if (end > 0 && !Number.isSafeInteger(address)) return false;
    if (this.#crosses(address, end) && !this.#writable(address, end)) return false;
    let frame = Math.floor(address / PAGE_BYTES);
    let to = address - frame * PAGE_BYTES;
    for (let done = 0; done < end; frame++, to = 0) {
      const count = Math.min(PAGE_BYTES - to, end - done);
      const page = this.#bytes(frame, frame * PAGE_BYTES + to, count, true);
      if (page === undefined) return false;
      for (let i = 0; i < count; i++) page[to + i] = source[done + i] as number;
      done += count;
    }
    return true;
  }

  /** The page with the bytes of an aligned word; undefined where there is no memory. */
  pageOfWord(address: number): MemoryPage | undefined {
    return this.#bytes(Math.floor(address / PAGE_BYTES), address, 4, false);
  }

  /** A view into one mapped page, or into pages as composed; undefined over several frames of which one is changed. */
  view(address: number, length: number): Uint8Array | undefined {
    if (!this.has(address, length)) return undefined;
    const first = Math.floor(address / PAGE_BYTES);
    const last = Math.floor((address + Math.max(length - 1, 0)) / PAGE_BYTES);
    const frame = this.#frames.get(first);
    if (first === last && frame !== undefined && length > 0) {
      const page = frame.writable;
      return page && new Uint8Array(page.buffer, page.byteOffset + (address - first * PAGE_BYTES), length);
    }
    return this.#within(first, last).length > 0 ? undefined : this.#store.view(address, length);
  }

  /** What an access to the address may do. */
  accessAt(address: number): 'none' | 'read' | 'write' {
    const frame = this.#frames.get(Math.floor(address / PAGE_BYTES));
    if (frame === undefined) return this.#map.has(address, 1) ? 'write' : 'none';
    if (frame.writable !== undefined) return 'write';
    return frame.readable === undefined ? 'none' : 'read';
  }

  #put(
    frame: number,
    found: ChangedFrame | undefined,
    composed: boolean,
    readable: MemoryPage | undefined,
    writable: MemoryPage | undefined,
  ): void {
    if (found === undefined) {
      this.#frames.set(frame, { composed, readable, writable });
      return;
    }
    if (found.readable === undefined && !composed) this.#keptHoles--;
    found.readable = readable;
    found.writable = writable;
  }

  /** Makes a frame outside of the regions a hole. */
  #forget(frame: number, found: ChangedFrame): void {
    if (found.readable === undefined) return;
    if (this.#keptHoles === KEPT_HOLES) {
      this.#frames.delete(frame);
      return;
    }
    this.#keptHoles++;
    found.readable = undefined;
    found.writable = undefined;
  }

  #composed(frame: number): boolean {
    return this.#map.has(frame * PAGE_BYTES, PAGE_BYTES);
  }

  #crosses(address: number, length: number): boolean {
    return Math.floor(address / PAGE_BYTES) !== Math.floor((address + (length - 1)) / PAGE_BYTES);
  }

  /** Whether all of a range can be written; its pages exist afterwards. */
  #writable(address: number, length: number): boolean {
    if (!this.has(address, length)) return false;
    const last = Math.floor((address + (length - 1)) / PAGE_BYTES);
    for (let frame = Math.floor(address / PAGE_BYTES); frame <= last; frame++) {
      const found = this.#frames.get(frame);
      const page = found === undefined ? this.#store.touch(frame * PAGE_BYTES) : found.writable;
      if (page === undefined) return false;
    }
    return true;
  }

  /** The page for an access to `count` bytes of one frame; undefined where it is not possible. */
  #bytes(frame: number, address: number, count: number, write: boolean): MemoryPage | undefined {
    const found = this.#frames.get(frame);
    if (found !== undefined) return write ? found.writable : found.readable;
    if (!this.#map.has(address, count)) return undefined;
    return write ? this.#store.touch(address) : (this.#store.page(address) ?? this.#zeros);
  }

  /** The changed frames of a range, in order. */
  #within(first: number, last: number): number[] {
    const found: number[] = [];
    if (last - first < this.#frames.size) {
      for (let frame = first; frame <= last; frame++) if (this.#frames.has(frame)) found.push(frame);
      return found;
    }
    for (const frame of this.#frames.keys()) if (frame >= first && frame <= last) found.push(frame);
    return found.sort((a, b) => a - b);
  }
}
