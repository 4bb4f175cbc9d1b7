import type { RequestRing } from '../rings/request-ring.js';
import type { FrontEndLink } from '../xenbus/front-end-link.js';
import { completeChecksum } from './checksum.js';
import { NET_PACKET_SLOTS_MAX, NET_QUEUE_PACKETS, NET_RX_SLOT_BYTES, NETIF_RSP, NETRXF, type Packet } from './netif.js';

const PAGE_BYTES = 4096;

/** What a front end takes. */
export interface ReceiveOptions {
  /** Packets in several pages (`feature-sg`). */
  readonly scatter: boolean;
  /** Packets whose checksum is blank (no `feature-no-csum-offload`). */
  readonly blankChecksums: boolean;
}

/**
 * Puts packets into the pages that a front end offers in its receive ring. While there are none, {@link NET_QUEUE_PACKETS}
 * packets wait, and further ones are lost, as on any full line. A page that is not granted is answered NETIF_RSP_ERROR,
 * and its part of the packet is lost.
 */
export class ReceiveRing {
  readonly #link: FrontEndLink;
  readonly #ring: RequestRing;
  readonly #options: ReceiveOptions;
  readonly #slot = new Uint8Array(NET_RX_SLOT_BYTES);
  readonly #view = new DataView(this.#slot.buffer);
  readonly #answer = new Uint8Array(NET_RX_SLOT_BYTES);
  readonly #answerView = new DataView(this.#answer.buffer);
  #waiting: Packet[];
  #halted: boolean;

  constructor(link: FrontEndLink, ring: RequestRing, options: ReceiveOptions, halted: boolean, waiting: Packet[] = []) {
    this.#link = link;
    this.#ring = ring;
    this.#options = options;
    this.#halted = halted;
    this.#waiting = waiting;
  }

  /** Whether the front end broke it: it gets nothing more until it connects anew. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Packets that wait for pages. */
  get waiting(): readonly Packet[] {
    return this.#waiting;
  }

  /** Takes a packet for the front end; whether that is to be signalled. */
  receive(packet: Packet): boolean {
    const pages = Math.ceil(packet.bytes.length / PAGE_BYTES);
    const fits = pages <= (this.#options.scatter ? NET_PACKET_SLOTS_MAX : 1);
    if (this.#halted || !fits || this.#waiting.length >= NET_QUEUE_PACKETS) return false;
    this.#waiting.push(packet);
    return this.serve();
  }

  /** Puts what waits into the pages that are there; whether the front end is to be signalled. */
  serve(): boolean {
    let served = 0;
    let available = this.#ring.available;
    for (const packet of this.#waiting) {
      const pages = Math.ceil(packet.bytes.length / PAGE_BYTES);
      if (available < pages) available = this.#wait();
      if (available < pages) break;
      this.#put(packet, pages);
      available -= pages;
      served++;
    }
    this.#halted ||= available < 0;
    if (this.#halted) this.#waiting = [];
    if (served === 0) return false;
    this.#waiting = this.#waiting.slice(served);
    return this.#ring.push();
  }

  /** Asks for a signal when there are more pages, and looks once more. */
  #wait(): number {
    this.#ring.rearm();
    return this.#ring.available;
  }

  #put(packet: Packet, pages: number): void {
    const blank = packet.checksumBlank && this.#options.blankChecksums;
    const bytes = blank ? packet.bytes : completeChecksum(packet);
    const first = blank ? NETRXF.csumBlank | NETRXF.dataValidated : packet.checksumBlank ? NETRXF.dataValidated : 0;
    for (let i = 0; i < pages; i++) {
      const part = bytes.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
      const flags = (i === 0 ? first : 0) | (i + 1 < pages ? NETRXF.moreData : 0);
      this.#fill(part, flags);
    }
  }

  #fill(part: Uint8Array, flags: number): void {
    this.#ring.take(this.#slot);
    const page = this.#link.map(this.#view.getUint32(4, true), true);
    page?.write(0, part);
    page?.unmap();
    const answer = this.#answerView;
    answer.setUint16(0, this.#view.getUint16(0, true), true);
    answer.setUint16(2, 0, true);
    answer.setUint16(4, flags, true);
    answer.setInt16(6, page === undefined ? NETIF_RSP.ERROR : part.length, true);
    this.#ring.answer(this.#answer);
  }
}
