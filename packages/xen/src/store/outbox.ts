import { stringsPayload } from '../rings/text.js';
import type { Cause, StoreClient } from './client.js';
import type { StoreDomains } from './domains.js';
import { encodeMessage, MESSAGE, MESSAGE_HEADER_BYTES, MESSAGE_PAYLOAD_MAX, type Message } from './messages.js';
import { isSpecial } from './paths.js';

/** A request, as long as its answer or events of it are on their way to somebody. */
export interface PendingRequest extends Cause {
  readonly domid: number;
  answered: boolean;
}

/** One message on its way. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** The event, by which a second one of the same words is left out; empty for others. */
  readonly key: string;
  /** What answers this request. */
  readonly answers: PendingRequest | undefined;
  /** The request that caused this event. */
  readonly cause: PendingRequest | undefined;
  /** When the event is given up, if no byte of it is sent; never, where there is no clock. */
  readonly deadline: bigint | undefined;
}

/** Answers and events on their way to one client, counted as its memory. */
export class Outbox {
  readonly #client: StoreClient;
  readonly #domains: StoreDomains;
  readonly #pendingEvents = new Set<string>();
  #queue: Outgoing[] = [];
  #first = 0;
  #written = 0;

  constructor(client: StoreClient, domains: StoreDomains) {
    this.#client = client;
    this.#domains = domains;
  }

  get isEmpty(): boolean {
    return this.#first === this.#queue.length;
  }

  /** Queues an answer; false where there is no memory for it. Short ones always have: an error must be able to travel. */
  answer(message: Message, request: PendingRequest): boolean {
    const checked = message.payload.length > ALWAYS_PAYLOAD;
    if (!this.#domains.takeMemory(this.#client.id, message.payload.length + MESSAGE_HEADER_BYTES, checked))
      return false;
    this.#queue.push({
      bytes: encodeMessage(message),
      key: '',
      answers: request,
      cause: undefined,
      deadline: undefined,
    });
    const domain = this.#domains.find(this.#client.id);
    if (domain !== undefined) domain.outstanding++;
    return true;
  }

  /** Queues an event: not one that is too long, that waits already, or for which there is no memory. */
  event(path: string, token: string, cause: PendingRequest | undefined, deadline: bigint | undefined): void {
    const payload = stringsPayload(path, token);
    const key = isSpecial(path) ? '' : `${path}\0${token}`;
    if (payload.length > MESSAGE_PAYLOAD_MAX || this.#pendingEvents.has(key)) return;
    if (!this.#domains.takeMemory(this.#client.id, payload.length + MESSAGE_HEADER_BYTES, true)) return;
    const bytes = encodeMessage({ type: MESSAGE.WATCH_EVENT, request: 0, transaction: 0, payload });
    if (key !== '') this.#pendingEvents.add(key);
    if (cause !== undefined) cause.events++;
    this.#queue.push({ bytes, key, answers: undefined, cause, deadline });
  }

  /** Gives the bytes that go next to `send`, until that takes no more; the last number that it gave. */
  drain(send: (bytes: Uint8Array, from: number) => number): number {
    let sent = 0;
    while (!this.isEmpty) {
      const { bytes } = this.#queue[this.#first] as Outgoing;
      sent = send(bytes, this.#written);
      if (sent <= 0) return sent;
      this.#written += sent;
      if (this.#written < bytes.length) return sent;
      this.#release();
    }
    return sent;
  }

  /** What waits, and how much of the first is sent. */
  get state(): { readonly waiting: readonly Outgoing[]; readonly written: number } {
    return { waiting: this.#queue.slice(this.#first), written: this.#written };
  }

  /** Takes what was saved: the requests that it refers to count as they did. */
  resume(waiting: readonly Outgoing[], written: number): void {
    for (const outgoing of waiting) {
      this.#domains.takeMemory(this.#client.id, outgoing.bytes.length, false);
      if (outgoing.key !== '') this.#pendingEvents.add(outgoing.key);
      this.#queue.push(outgoing);
    }
    this.#written = written;
  }

  /** When the next event is given up; undefined where none is. */
  get deadline(): bigint | undefined {
    for (let i = this.#firstWhole; i < this.#queue.length; i++) {
      const { deadline } = this.#queue[i] as Outgoing;
      if (deadline !== undefined) return deadline;
    }
    return undefined;
  }

  /** Gives up the events whose time is over: who caused them is not held up any longer by a client that takes none. */
  expire(now: bigint): void {
    for (let i = this.#firstWhole; i < this.#queue.length; ) {
      const { deadline } = this.#queue[i] as Outgoing;
      if (deadline === undefined || deadline > now) i++;
      else this.#settle(this.#queue.splice(i, 1)[0] as Outgoing);
    }
  }

  clear(): void {
    while (!this.isEmpty) this.#release();
  }

  /** The first message of which no byte is sent. */
  get #firstWhole(): number {
    return this.#written > 0 ? this.#first + 1 : this.#first;
  }

  #release(): void {
    const outgoing = this.#queue[this.#first] as Outgoing;
    this.#first++;
    this.#written = 0;
    if (this.#first >= COMPACT_AFTER || this.isEmpty) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    this.#settle(outgoing);
  }

  /** A message is sent, or given up. */
  #settle({ bytes, key, answers, cause }: Outgoing): void {
    this.#pendingEvents.delete(key);
    this.#domains.takeMemory(this.#client.id, -bytes.length, false);
    if (cause !== undefined) {
      cause.events--;
      if (cause.events === 0 && cause.answered) this.#settled(cause);
    }
    if (answers !== undefined) {
      answers.answered = true;
      if (answers.events === 0) this.#settled(answers);
    }
  }

  #settled(request: PendingRequest): void {
    const domain = this.#domains.find(request.domid);
    if (domain !== undefined && domain.outstanding > 0) domain.outstanding--;
  }
}

/** An answer of up to so many bytes needs no memory of its own (DEFAULT_BUFFER_SIZE). */
const ALWAYS_PAYLOAD = 16;
/** How many delivered messages are kept before the queue is cut. */
const COMPACT_AFTER = 64;
