import type { SharedWords } from '@trapline/core';
import {
  BLKIF_LAYOUTS,
  type BlkifLayout,
  type BoundChannel,
  type FrontEndLink,
  type MappedGrant,
  REQUEST_RING,
  slotsOf,
} from '@trapline/xen';
import { TestWords } from '../store/wire-guest.js';

/** A domain's pages, granted by number, and its one event channel. */
export class FakeDomain implements FrontEndLink {
  readonly domid: number;
  readonly pages = new Map<number, { readonly page: TestWords; readonly writable: boolean }>();
  readonly ports = new Map<number, () => void>();
  mapped = 0;
  notified = 0;

  constructor(domid: number) {
    this.domid = domid;
  }

  grant(reference: number, writable: boolean = true): TestWords {
    const page = new TestWords();
    this.pages.set(reference, { page, writable });
    return page;
  }

  map(reference: number, writable: boolean): MappedGrant | undefined {
    const granted = this.pages.get(reference);
    if (granted === undefined || (writable && !granted.writable)) return undefined;
    this.mapped++;
    return this.#held(reference, granted.page);
  }

  remap(handle: number): MappedGrant | undefined {
    const granted = this.pages.get(handle);
    return granted && this.#held(handle, granted.page);
  }

  bind(port: number, hear: () => void): BoundChannel | undefined {
    if (port === 0 || this.ports.has(port)) return undefined;
    return this.rebind(port, hear);
  }

  rebind(port: number, hear: () => void): BoundChannel {
    this.ports.set(port, hear);
    return { port, notify: () => void this.notified++, close: () => void this.ports.delete(port) };
  }

  #held(handle: number, page: TestWords): MappedGrant {
    return {
      handle,
      words: page,
      read: (from, target) => target.set(page.bytes.subarray(from, from + target.length)),
      write: (to, source) => page.bytes.set(source, to),
      unmap: () => void this.mapped--,
    };
  }
}

/** One segment as a front end names it. */
export interface TestSegment {
  readonly reference: number;
  readonly first: number;
  readonly last: number;
}

/** A request as a front end writes it. */
export interface TestRequest {
  readonly op: number;
  readonly id: bigint;
  readonly sector?: bigint;
  readonly segments?: readonly TestSegment[];
  /** In place of the number of segments. */
  readonly count?: number;
  readonly sectors?: bigint;
  readonly indirect?: { readonly op: number; readonly segments: number; readonly pages: readonly number[] };
}

/** A front end's side of a block ring. */
export class BlockFrontEnd {
  readonly words: SharedWords;
  readonly layout: BlkifLayout;
  readonly slots: number;
  #produced = 0;
  #consumed = 0;

  constructor(words: SharedWords, pages: number = 1, protocol: string = 'arm-abi') {
    this.words = words;
    this.layout = BLKIF_LAYOUTS.find((layout) => layout.protocol === protocol) as BlkifLayout;
    this.slots = slotsOf(pages * 4096, this.layout.slot);
    words.store(REQUEST_RING.requestEvent, 1);
    words.store(REQUEST_RING.responseEvent, 1);
  }

  put(request: TestRequest): void {
    const slot = new Uint8Array(this.layout.slot);
    const view = new DataView(slot.buffer);
    const { id: at } = this.layout;
    const segments = request.segments ?? [];
    view.setUint8(0, request.op);
    view.setUint8(1, request.indirect?.op ?? request.count ?? segments.length);
    view.setUint16(2, request.indirect?.segments ?? 0, true);
    view.setBigUint64(at, request.id, true);
    view.setBigUint64(at + 8, request.sector ?? 0n, true);
    if (request.sectors !== undefined) view.setBigUint64(at + 16, request.sectors, true);
    for (const [i, page] of (request.indirect?.pages ?? []).entries()) view.setUint32(at + 20 + 4 * i, page, true);
    writeSegments(view, at + 16, segments.slice(0, 11));
    const to = REQUEST_RING.slots + ((this.#produced & (this.slots - 1)) * this.layout.slot) / 4;
    for (let i = 0; i < this.layout.slot / 4; i++) this.words.store(to + i, view.getInt32(4 * i, true));
    this.#produced = (this.#produced + 1) | 0;
  }

  /** Makes the requests valid; whether the back end wants to be signalled. */
  push(): boolean {
    const before = this.words.load(REQUEST_RING.requestProducer);
    this.words.store(REQUEST_RING.requestProducer, this.#produced);
    const event = this.words.load(REQUEST_RING.requestEvent);
    return (this.#produced - event) >>> 0 < (this.#produced - before) >>> 0;
  }

  /** The answers that came: `id op status`. */
  answers(): string[] {
    const found: string[] = [];
    const produced = this.words.load(REQUEST_RING.responseProducer);
    for (; this.#consumed !== produced; this.#consumed = (this.#consumed + 1) | 0) {
      const from = REQUEST_RING.slots + ((this.#consumed & (this.slots - 1)) * this.layout.slot) / 4;
      const low = BigInt(this.words.load(from) >>> 0);
      const high = BigInt(this.words.load(from + 1) >>> 0);
      const last = this.words.load(from + 2);
      found.push(`${(high << 32n) | low} ${last & 0xff} ${last >> 16}`);
    }
    this.words.store(REQUEST_RING.responseEvent, (this.#consumed + 1) | 0);
    return found;
  }
}

/** Writes segments as they stand in requests and in indirect pages. */
export function writeSegments(view: DataView, at: number, segments: readonly TestSegment[]): void {
  for (const [i, { reference, first, last }] of segments.entries()) {
    view.setUint32(at + 8 * i, reference, true);
    view.setUint8(at + 8 * i + 4, first);
    view.setUint8(at + 8 * i + 5, last);
  }
}
