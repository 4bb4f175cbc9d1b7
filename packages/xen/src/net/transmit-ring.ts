import type { RequestRing } from '../rings/request-ring.js';
import type { FrontEndLink } from '../xenbus/front-end-link.js';
import {
  ETHERNET_HEADER_BYTES,
  NET_PACKET_SLOTS_MAX,
  NET_TX_SLOT_BYTES,
  NETIF_EXTRA_MORE,
  NETIF_RSP,
  NETTXF,
  type Packet,
} from './netif.js';

const PAGE_BYTES = 4096;

/** A slot as it stood in the ring when it was copied. */
interface TransmitSlot {
  readonly reference: number;
  readonly offset: number;
  readonly flags: number;
  readonly id: number;
  readonly size: number;
  /** Whether it is extra information instead. */
  readonly extra: boolean;
}

/**
 * Takes packets out of a front end's transmit ring. A packet that cannot be (parts beyond their pages, sizes that do not
 * add up, pages that are not granted, large ones to be segmented, which were not announced) is answered NETIF_RSP_ERROR in
 * each of its slots, and goes nowhere. A packet whose last slot is not there breaks the ring, as indices that cannot be.
 */
export class TransmitRing {
  readonly #link: FrontEndLink;
  readonly #ring: RequestRing;
  readonly #slot = new Uint8Array(NET_TX_SLOT_BYTES);
  readonly #view = new DataView(this.#slot.buffer);
  readonly #answer = new Uint8Array(4);
  readonly #answerView = new DataView(this.#answer.buffer);
  #halted: boolean;

  constructor(link: FrontEndLink, ring: RequestRing, halted: boolean) {
    this.#link = link;
    this.#ring = ring;
    this.#halted = halted;
  }

  /** Whether the front end broke it: nothing more is taken until it connects anew. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Takes what is there, at most a ring full of slots; whether the front end is to be signalled. */
  serve(send: (packet: Packet) => void): boolean {
    let signal = false;
    for (let taken = 0; taken < this.#ring.size && !this.#halted; ) {
      const available = this.#ring.available;
      this.#halted = available < 0;
      let left = Math.min(available, this.#ring.size - taken);
      if (left > 0) taken += left;
      const work = left > 0;
      while (left > 0 && !this.#halted) left -= this.#takeOne(left, send);
      if (work) signal = this.#ring.push() || signal;
      if (work) continue;
      this.#ring.rearm();
      if (this.#ring.available <= 0) break;
    }
    return signal;
  }

  /** Takes one packet, and gives the number of its slots. */
  #takeOne(available: number, send: (packet: Packet) => void): number {
    const slots: TransmitSlot[] = [];
    let extras = false;
    let moreData = true;
    while (extras || moreData) {
      if (slots.length === available) {
        this.#halted = true;
        return slots.length;
      }
      this.#ring.take(this.#slot);
      const slot = this.#read(extras);
      slots.push(slot);
      if (slot.extra) {
        extras = (slot.flags & NETIF_EXTRA_MORE) !== 0;
      } else {
        extras = slots.length === 1 && (slot.flags & NETTXF.extraInfo) !== 0;
        moreData = (slot.flags & NETTXF.moreData) !== 0;
      }
    }
    const packet = this.#gather(slots);
    for (const slot of slots) this.#respond(slot, packet === undefined ? NETIF_RSP.ERROR : NETIF_RSP.OKAY);
    if (packet !== undefined) send(packet);
    return slots.length;
  }

  /** The packet that slots make; undefined where they make none. */
  #gather(slots: readonly TransmitSlot[]): Packet | undefined {
    const parts = slots.filter(({ extra }) => !extra);
    const first = parts[0] as TransmitSlot;
    const rest = parts.slice(1).reduce((sum, { size }) => sum + size, 0);
    if (parts.length !== slots.length || parts.length > NET_PACKET_SLOTS_MAX) return undefined;
    if (first.size < ETHERNET_HEADER_BYTES || rest >= first.size) return undefined;
    const bytes = new Uint8Array(first.size);
    let at = 0;
    for (const [i, { reference, offset, size }] of parts.entries()) {
      const length = i === 0 ? first.size - rest : size;
      if (length === 0 || offset + length > PAGE_BYTES) return undefined;
      const page = this.#link.map(reference, false);
      if (page === undefined) return undefined;
      page.read(offset, bytes.subarray(at, at + length));
      page.unmap();
      at += length;
    }
    return { bytes, checksumBlank: (first.flags & NETTXF.csumBlank) !== 0 };
  }

  #read(extra: boolean): TransmitSlot {
    const view = this.#view;
    return {
      reference: view.getUint32(0, true),
      offset: view.getUint16(4, true),
      flags: extra ? view.getUint8(1) : view.getUint16(6, true),
      id: view.getUint16(8, true),
      size: view.getUint16(10, true),
      extra,
    };
  }

  #respond({ id, extra }: TransmitSlot, status: number): void {
    this.#answerView.setInt32(0, extra ? (NETIF_RSP.NULL << 16) | 0 : (status << 16) | id, true);
    this.#ring.answer(this.#answer);
  }
}
