import { REQUEST_RING, slotsOf } from '@trapline/xen';
import type { TestWords } from '../store/wire-guest.js';

/** Either ring of a network device, from the front end's side: slots in, answers out. */
export class NetFrontRing {
  readonly words: TestWords;
  readonly slots: number;
  readonly #slotBytes: number;
  #produced = 0;
  #consumed = 0;

  constructor(words: TestWords, slotBytes: number) {
    this.words = words;
    this.#slotBytes = slotBytes;
    this.slots = slotsOf(4096, slotBytes);
    words.store(REQUEST_RING.requestEvent, 1);
    words.store(REQUEST_RING.responseEvent, 1);
  }

  #view(index: number): DataView {
    const at = REQUEST_RING.slots * 4 + (index & (this.slots - 1)) * this.#slotBytes;
    return new DataView(this.words.bytes.buffer, this.words.bytes.byteOffset + at, this.#slotBytes);
  }

  /** A transmit request. */
  transmit(reference: number, offset: number, size: number, flags: number = 0, id: number = this.#produced): void {
    const view = this.#view(this.#produced++);
    view.setUint32(0, reference, true);
    view.setUint16(4, offset, true);
    view.setUint16(6, flags, true);
    view.setUint16(8, id, true);
    view.setUint16(10, size, true);
  }

  /** Extra information. */
  extra(type: number, more: boolean): void {
    const view = this.#view(this.#produced++);
    view.setUint8(0, type);
    view.setUint8(1, more ? 1 : 0);
  }

  /** A page to receive into. */
  offer(reference: number, id: number = this.#produced): void {
    const view = this.#view(this.#produced++);
    view.setUint16(0, id, true);
    view.setUint32(4, reference, true);
  }

  /** Makes the requests valid; whether the back end wants to be signalled. */
  push(): boolean {
    const before = this.words.load(REQUEST_RING.requestProducer);
    this.words.store(REQUEST_RING.requestProducer, this.#produced);
    return (this.#produced - this.words.load(REQUEST_RING.requestEvent)) >>> 0 < (this.#produced - before) >>> 0;
  }

  /** Answers to transmit requests: `id status`. */
  sent(): string[] {
    return this.#answers((view) => `${view.getUint16(0, true)} ${view.getInt16(2, true)}`);
  }

  /** Received parts: `id offset flags status`. */
  received(): string[] {
    return this.#answers((view) =>
      [view.getUint16(0, true), view.getUint16(2, true), view.getUint16(4, true), view.getInt16(6, true)].join(' '),
    );
  }

  #answers(read: (view: DataView) => string): string[] {
    const found: string[] = [];
    const produced = this.words.load(REQUEST_RING.responseProducer);
    while (this.#consumed !== produced) found.push(read(this.#view(this.#consumed++)));
    this.words.store(REQUEST_RING.responseEvent, this.#consumed + 1);
    return found;
  }
}
