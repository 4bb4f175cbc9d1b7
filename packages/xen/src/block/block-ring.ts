import { JoinedWords } from '../rings/joined-words.js';
import { RequestRing } from '../rings/request-ring.js';
import type { FrontEndLink, MappedGrant } from '../xenbus/front-end-link.js';
import { BLKIF_OP, BLKIF_RSP, BLKIF_SEGMENTS_PER_PAGE, type BlkifLayout, SECTOR_SHIFT } from './blkif.js';
import type { BlockMedium } from './medium.js';
import { type BlockRequest, readRequest, readSegments, type Segment } from './request.js';

const PAGE_BYTES = 4096;

/**
 * Serves the requests of one connected front end. A request is done when its answer stands there: nothing of it is kept.
 * One that cannot be (a segment that no page has, a sector beyond the medium, a page that is not granted, a write to a
 * medium that is read-only) is answered BLKIF_RSP_ERROR and touches nothing; an operation that nobody knows is
 * BLKIF_RSP_EOPNOTSUPP.
 */
export class BlockRing {
  readonly #link: FrontEndLink;
  readonly #medium: BlockMedium;
  readonly #layout: BlkifLayout;
  readonly #ring: RequestRing;
  readonly #slot: Uint8Array;
  readonly #view: DataView;
  readonly #answer = new Uint8Array(ANSWER_BYTES);
  readonly #answerView = new DataView(this.#answer.buffer);
  /** What goes between a page and the medium. */
  readonly #part = new Uint8Array(PAGE_BYTES);
  #halted: boolean;

  /** `halted`: it was, in a machine that is restored. */
  constructor(
    link: FrontEndLink,
    medium: BlockMedium,
    layout: BlkifLayout,
    pages: readonly MappedGrant[],
    halted: boolean = false,
  ) {
    this.#halted = halted;
    this.#link = link;
    this.#medium = medium;
    this.#layout = layout;
    this.#slot = new Uint8Array(layout.slot);
    this.#view = new DataView(this.#slot.buffer);
    this.#ring = new RequestRing(
      new JoinedWords(pages.map((page) => page.words)),
      pages.length * PAGE_BYTES,
      layout.slot,
    );
  }

  /** Whether the front end claimed more requests than fit: nothing of it is served any more, until it connects anew. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Serves what is there, at most as many requests as the ring has slots; whether the front end is to be signalled. */
  serve(): boolean {
    let signal = false;
    for (let served = 0; served < this.#ring.size && !this.#halted; ) {
      const available = this.#ring.available;
      this.#halted = available < 0;
      const now = Math.min(available, this.#ring.size - served);
      for (let i = 0; i < now; i++) this.#serveOne();
      if (now > 0) signal = this.#ring.push() || signal;
      served += Math.max(now, 0);
      if (now > 0) continue;
      this.#ring.rearm();
      if (this.#ring.available <= 0) break;
    }
    return signal;
  }

  #serveOne(): void {
    this.#ring.take(this.#slot);
    const request = readRequest(this.#view, this.#layout);
    const status = this.#carryOut(request);
    for (let i = 0; i < ID_BYTES; i++) this.#answer[i] = this.#slot[this.#layout.id + i] as number;
    this.#answerView.setUint8(8, request.effective);
    this.#answerView.setInt16(10, status, true);
    this.#ring.answer(this.#answer);
  }

  #carryOut(request: BlockRequest): number {
    switch (request.operation) {
      case BLKIF_OP.READ:
      case BLKIF_OP.WRITE:
        return this.#transfer(request, request.segments, request.operation === BLKIF_OP.WRITE);
      case BLKIF_OP.WRITE_BARRIER:
      case BLKIF_OP.FLUSH_DISKCACHE:
        return this.#flush(request);
      case BLKIF_OP.DISCARD:
        return this.#discard(request);
      case BLKIF_OP.INDIRECT: {
        const { effective } = request;
        if (effective !== BLKIF_OP.READ && effective !== BLKIF_OP.WRITE) return BLKIF_RSP.ERROR;
        return this.#transfer(request, this.#indirectSegments(request), effective === BLKIF_OP.WRITE);
      }
      default:
        return BLKIF_RSP.EOPNOTSUPP;
    }
  }

  #flush(request: BlockRequest): number {
    const empty = request.segments?.length === 0;
    const written = empty ? this.#writable : this.#transfer(request, request.segments, true);
    if (written !== BLKIF_RSP.OKAY) return written;
    return this.#medium.flush() ? BLKIF_RSP.OKAY : BLKIF_RSP.ERROR;
  }

  get #writable(): number {
    return this.#medium.readOnly ? BLKIF_RSP.ERROR : BLKIF_RSP.OKAY;
  }

  #discard({ sector, count }: BlockRequest): number {
    if (this.#medium.discard === undefined) return BLKIF_RSP.EOPNOTSUPP;
    if (this.#medium.readOnly || !this.#within(sector, count)) return BLKIF_RSP.ERROR;
    const done = this.#medium.discard(sector * SECTOR_BYTES, count * SECTOR_BYTES);
    return done ? BLKIF_RSP.OKAY : BLKIF_RSP.ERROR;
  }

  #transfer({ sector }: BlockRequest, segments: readonly Segment[] | undefined, write: boolean): number {
    if (segments === undefined || segments.length === 0) return BLKIF_RSP.ERROR;
    const bytes = segments.reduce((sum, { from, to }) => sum + to - from, 0);
    if ((write && this.#medium.readOnly) || !this.#within(sector, bytes >> SECTOR_SHIFT)) return BLKIF_RSP.ERROR;
    const mapped: MappedGrant[] = [];
    try {
      for (const { reference } of segments) {
        const grant = this.#link.map(reference, !write);
        if (grant === undefined) return BLKIF_RSP.ERROR;
        mapped.push(grant);
      }
      return this.#move(sector * SECTOR_BYTES, segments, mapped, write) ? BLKIF_RSP.OKAY : BLKIF_RSP.ERROR;
    } finally {
      for (const grant of mapped) grant.unmap();
    }
  }

  #move(start: number, segments: readonly Segment[], mapped: readonly MappedGrant[], write: boolean): boolean {
    let position = start;
    for (const [i, { from, to }] of segments.entries()) {
      const grant = mapped[i] as MappedGrant;
      const part = this.#part.subarray(from, to);
      if (write) grant.read(from, part);
      if (!(write ? this.#medium.writeAt(position, part) : this.#medium.readAt(position, part))) return false;
      if (!write) grant.write(from, part);
      position += part.length;
    }
    return true;
  }

  /** The segments of an indirect request, each copied once before it is looked at; undefined where they cannot be. */
  #indirectSegments(request: BlockRequest): Segment[] | undefined {
    if (!request.fits) return undefined;
    const segments: Segment[] = [];
    for (const [i, reference] of request.pages.entries()) {
      const page = this.#link.map(reference, false);
      if (page === undefined) return undefined;
      const count = Math.min(request.indirectSegments - i * BLKIF_SEGMENTS_PER_PAGE, BLKIF_SEGMENTS_PER_PAGE);
      const copy = new Uint8Array(count * 8);
      page.read(0, copy);
      page.unmap();
      const read = readSegments(new DataView(copy.buffer), 0, count);
      if (read === undefined) return undefined;
      segments.push(...read);
    }
    return segments;
  }

  #within(sector: number, count: number): boolean {
    return sector + count <= Math.floor(this.#medium.bytes / SECTOR_BYTES);
  }
}

const SECTOR_BYTES = 1 << SECTOR_SHIFT;
/** An answer has the request's id, its operation and the status. */
const ANSWER_BYTES = 12;
const ID_BYTES = 8;
