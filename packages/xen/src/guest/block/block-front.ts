import { defineStatus, isStatus, type Status, type StatusNamespace, type UnknownStatus } from '@trapline/core';
import { BLKIF_LAYOUTS, BLKIF_OP, BLKIF_RSP, BLKIF_SEGMENTS_MAX, type BlkifLayout, VDISK } from '../../block/blkif.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import type { GuestPage } from '../operand-area.js';
import type { PhysicalMap } from '../physical-map.js';
import type { RingSignals } from '../ring-signals.js';
import { Steps, type Work } from '../steps.js';
import type { FrontRing } from './front-ring.js';

/** Bytes of a sector, whatever the disk's own are. */
export const SECTOR_BYTES = 512;
const SECTORS_PER_PAGE = PAGE_BYTES / SECTOR_BYTES;

/** What a disk answers where it does not do what it is asked for. */
export const blockStatus: StatusNamespace<'block', 'ERROR' | 'EOPNOTSUPP'> = defineStatus(
  'block',
  'public/io/blkif.h, Xen 4.17',
  { ERROR: BLKIF_RSP.ERROR, EOPNOTSUPP: BLKIF_RSP.EOPNOTSUPP },
);

/** A request that the disk refused. */
export type BlockFailure = Status<'block', 'ERROR' | 'EOPNOTSUPP'> | UnknownStatus<'block'>;

/** What a connected disk says of itself. */
export interface DiskFacts {
  readonly sectors: number;
  /** `VDISK`. */
  readonly info: number;
}

/** A page for data, granted to the back end. */
export interface DataPage extends GuestPage {
  readonly reference: number;
}

const [LAYOUT] = BLKIF_LAYOUTS as readonly [BlkifLayout];

/**
 * A paravirtual disk from the guest's side, connected: one request after the other, of as many pages as one request can
 * name. For examples and tests, and for small guests; a kernel would have many in flight.
 */
export class BlockFront {
  readonly sectors: number;
  readonly readOnly: boolean;
  readonly #ring: FrontRing;
  readonly #signals: RingSignals;
  readonly #map: PhysicalMap;
  readonly #pages: readonly DataPage[];
  readonly #slot = new Int32Array(LAYOUT.slot / 4);
  readonly #view = new DataView(this.#slot.buffer);
  readonly #answer = new Int32Array(3);
  #id = 0;

  constructor(ring: FrontRing, signals: RingSignals, map: PhysicalMap, pages: readonly DataPage[], facts: DiskFacts) {
    this.#ring = ring;
    this.#signals = signals;
    this.#map = map;
    this.#pages = pages.slice(0, BLKIF_SEGMENTS_MAX);
    this.sectors = facts.sectors;
    this.readOnly = (facts.info & VDISK.READONLY) !== 0;
  }

  /** Reads sectors. */
  read(sector: number, count: number): Steps<Uint8Array | BlockFailure> {
    return new Steps(this.#read(sector, count));
  }

  /** Writes whole sectors. Throws a RangeError for bytes that are none. */
  write(sector: number, bytes: Uint8Array): Steps<true | BlockFailure> {
    if (bytes.length % SECTOR_BYTES !== 0) throw new RangeError(`${bytes.length} bytes are no whole sectors`);
    return new Steps(this.#write(sector, bytes));
  }

  /** What was written lasts from here on. */
  flush(): Steps<true | BlockFailure> {
    return new Steps(this.#request(BLKIF_OP.FLUSH_DISKCACHE, 0, 0));
  }

  /** What stands there is not needed any more. */
  discard(sector: number, count: number): Steps<true | BlockFailure> {
    return new Steps(this.#request(BLKIF_OP.DISCARD, sector, count));
  }

  *#read(sector: number, count: number): Work<Uint8Array | BlockFailure> {
    const bytes = new Uint8Array(count * SECTOR_BYTES);
    for (let done = 0; done < count; ) {
      const part = Math.min(count - done, this.#pages.length * SECTORS_PER_PAGE);
      const answer = yield* this.#request(BLKIF_OP.READ, sector + done, part);
      if (isStatus(answer)) return answer as BlockFailure;
      this.#eachPage(bytes.subarray(done * SECTOR_BYTES, (done + part) * SECTOR_BYTES), (page, piece) => {
        this.#map.read(page.address, piece);
      });
      done += part;
    }
    return bytes;
  }

  *#write(sector: number, bytes: Uint8Array): Work<true | BlockFailure> {
    const count = bytes.length / SECTOR_BYTES;
    for (let done = 0; done < count; ) {
      const part = Math.min(count - done, this.#pages.length * SECTORS_PER_PAGE);
      this.#eachPage(bytes.subarray(done * SECTOR_BYTES, (done + part) * SECTOR_BYTES), (page, piece) => {
        this.#map.write(page.address, piece);
      });
      const answer = yield* this.#request(BLKIF_OP.WRITE, sector + done, part);
      if (isStatus(answer)) return answer as BlockFailure;
      done += part;
    }
    return true;
  }

  #eachPage(bytes: Uint8Array, visit: (page: DataPage, piece: Uint8Array) => void): void {
    for (let at = 0, i = 0; at < bytes.length; at += PAGE_BYTES, i++) {
      visit(this.#pages[i] as DataPage, bytes.subarray(at, at + PAGE_BYTES));
    }
  }

  *#request(operation: number, sector: number, count: number): Work<true | BlockFailure> {
    this.#fill(operation, sector, count);
    if (this.#ring.push(this.#slot)) this.#signals.notify();
    while (!this.#ring.take(this.#answer)) {
      this.#ring.rearm();
      if (this.#ring.take(this.#answer)) break;
      yield* this.#signals.wait();
    }
    const status = (this.#answer[2] as number) >> 16;
    return status === BLKIF_RSP.OKAY ? true : (blockStatus.of(status) as BlockFailure);
  }

  #fill(operation: number, sector: number, count: number): void {
    const view = this.#view;
    const { id } = LAYOUT;
    const discards = operation === BLKIF_OP.DISCARD;
    const pages = discards ? 0 : Math.ceil(count / SECTORS_PER_PAGE);
    this.#slot.fill(0);
    view.setUint8(0, operation);
    view.setUint8(1, pages);
    view.setUint32(id, ++this.#id, true);
    view.setBigUint64(id + 8, BigInt(sector), true);
    if (discards) view.setBigUint64(id + 16, BigInt(count), true);
    for (let i = 0; i < pages; i++) {
      const at = id + 16 + 8 * i;
      view.setUint32(at, (this.#pages[i] as DataPage).reference, true);
      view.setUint8(at + 5, Math.min(count - i * SECTORS_PER_PAGE, SECTORS_PER_PAGE) - 1);
    }
  }
}
