import type { SharedWords } from '@trapline/core';
import {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  MESSAGE_HEADER_BYTES,
  MESSAGE_PAYLOAD_MAX,
  type Message,
} from '../store/messages.js';
import { RingReader, RingWriter } from './byte-ring.js';
import type { Work } from './steps.js';
import { STORE_REPLIES, STORE_REQUESTS } from './store-ring.js';

/** Answers that came for requests nobody waits for any more are dropped beyond this many. */
const MAX_UNCLAIMED = 64;

/** How the connection wakes its peer and waits for it. */
export interface StoreSignals {
  /** Sends the event of the store's channel. */
  notify(): void;
  /** Keeps the CPU until the store has sent an event. */
  wait(): Work<void>;
}

/** xenstore's ring from the guest's side: messages out, answers in by their request id, watch events aside. */
export class StoreConnection {
  readonly #requests: RingWriter;
  readonly #replies: RingReader;
  readonly #signals: StoreSignals;
  readonly #answers = new Map<number, Message>();
  readonly #events: ((payload: Uint8Array) => void)[] = [];
  readonly #received = new Uint8Array(MESSAGE_HEADER_BYTES + MESSAGE_PAYLOAD_MAX);
  #length = 0;
  #next = 1;

  constructor(words: SharedWords, signals: StoreSignals) {
    this.#requests = new RingWriter(words, STORE_REQUESTS);
    this.#replies = new RingReader(words, STORE_REPLIES);
    this.#signals = signals;
    // What an earlier user of the ring left unread (a kexec'd kernel, Linux's xb_init_comms) is not for this one.
    this.#replies.drop();
  }

  /** Whether the store broke the protocol: a payload longer than any may be. Nothing more is read then. */
  broken = false;

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
      if (this.broken) throw new Error('xenstore broke its protocol: the connection is of no use');
      yield* this.#signals.wait();
    }
  }

  /** Takes in what has come: answers are kept for who asked, watch events are handed over. */
  receive(): void {
    let freed = false;
    while (!this.broken) {
      const count = this.#replies.read(this.#received, this.#length);
      freed ||= count > 0;
      this.#length += count;
      if (!this.#takeMessage()) break;
    }
    // The store waits for room where its answers did not fit.
    if (freed) this.#signals.notify();
  }

  *#send(bytes: Uint8Array): Work<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = this.#requests.write(bytes, at);
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
      this.broken = true;
      return false;
    }
    this.#received.copyWithin(0, taken, this.#length);
    this.#length -= taken;
    if (message.type === MESSAGE.WATCH_EVENT) for (const handler of this.#events) handler(message.payload);
    else if (this.#answers.size < MAX_UNCLAIMED) this.#answers.set(message.request, message);
    return true;
  }
}
