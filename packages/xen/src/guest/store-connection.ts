import type { SharedWords } from '@trapline/core';
import { ByteRing, RING_CORRUPT } from '../rings/byte-ring.js';
import { STORE_INTERFACE, STORE_RING_BYTES } from '../store/interface.js';
import {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  MESSAGE_HEADER_BYTES,
  MESSAGE_PAYLOAD_MAX,
  type Message,
} from '../store/messages.js';
import type { RingSignals } from './ring-signals.js';
import type { Work } from './steps.js';

/** Answers that came for requests nobody waits for any more are dropped beyond this many. */
const MAX_UNCLAIMED = 64;

/** xenstore's ring from the guest's side: messages out, answers in by their request id, watch events aside. */
export class StoreConnection {
  readonly #requests: ByteRing;
  readonly #replies: ByteRing;
  readonly #signals: RingSignals;
  readonly #answers = new Map<number, Message>();
  readonly #events: ((payload: Uint8Array) => void)[] = [];
  readonly #received = new Uint8Array(MESSAGE_HEADER_BYTES + MESSAGE_PAYLOAD_MAX);
  /** The store broke the protocol: nothing more is read. */
  #broken = false;
  #length = 0;
  #next = 1;

  constructor(words: SharedWords, signals: RingSignals) {
    this.#requests = new ByteRing(words, STORE_INTERFACE.requests);
    this.#replies = new ByteRing(words, STORE_INTERFACE.answers);
    this.#signals = signals;
    // What an earlier user of the ring left unread (a kernel before kexec) is not for this one, as in Linux's xb_init_comms.
    this.#replies.consume(this.#received, 0, STORE_RING_BYTES);
  }

  /** Has the payloads of watch events handed over. */
  onEvent(handler: (payload: Uint8Array) => void): void {
    this.#events.push(handler);
  }

  /** Sends a request and waits for its answer. */
  *ask(type: number, transaction: number, payload: Uint8Array): Work<Message> {
    if (payload.length > MESSAGE_PAYLOAD_MAX) {
      throw new RangeError(`a message of ${payload.length} bytes; xenstore takes ${MESSAGE_PAYLOAD_MAX}`);
    }
    const request = this.#next;
    this.#next = (request + 1) & 0x7fff_ffff;
    yield* this.#send(encodeMessage({ type, request, transaction, payload }));
    for (;;) {
      this.receive();
      const answer = this.#answers.get(request);
      if (answer !== undefined) {
        this.#answers.delete(request);
        return answer;
      }
      if (this.#broken) throw new StoreBroken();
      yield* this.#signals.wait();
    }
  }

  /** Waits for an event of the channel, and takes in what has come. */
  *next(): Work<void> {
    yield* this.#signals.wait();
    this.receive();
  }

  /** Takes in what has come: answers are kept for who asked, watch events are handed over. */
  receive(): void {
    // A ring that was full may have kept the store from writing: it goes on once it is told, and more may be there.
    while (this.#take()) this.#signals.notify();
  }

  /** Takes what is in the ring, and gives whether it was full. */
  #take(): boolean {
    let full = false;
    while (!this.#broken) {
      full ||= this.#replies.used === STORE_RING_BYTES;
      const count = this.#replies.consume(this.#received, this.#length, this.#received.length);
      if (count === RING_CORRUPT) this.#broken = true;
      else this.#length += count;
      if (!this.#takeMessage()) break;
    }
    return full;
  }

  *#send(bytes: Uint8Array): Work<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = this.#requests.produce(bytes, at, bytes.length);
      if (count === RING_CORRUPT) throw new StoreBroken();
      at += count;
      if (count > 0) this.#signals.notify();
      else yield* this.#signals.wait();
      if (at < bytes.length) this.receive();
    }
  }

  #takeMessage(): boolean {
    const decoded = decodeMessage(this.#received.subarray(0, this.#length));
    if (decoded === undefined) return false;
    const { message, taken } = decoded;
    if (taken === 0) {
      this.#broken = true;
      return false;
    }
    this.#received.copyWithin(0, taken, this.#length);
    this.#length -= taken;
    if (message.type === MESSAGE.WATCH_EVENT) for (const handler of this.#events) handler(message.payload);
    else if (this.#answers.size < MAX_UNCLAIMED) this.#answers.set(message.request, message);
    return true;
  }
}

/** The store broke its protocol: indices that cannot be, or a payload longer than any may be. The ring is of no use then. */
export class StoreBroken extends Error {
  override readonly name = 'StoreBroken';

  constructor() {
    super('xenstore broke its protocol: nothing more can be asked over this ring');
  }
}
