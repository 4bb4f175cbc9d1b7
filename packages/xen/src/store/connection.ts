import { RING_CORRUPT } from '../rings/byte-ring.js';
import type { Cause, StoreClient } from './client.js';
import type { StoreDomain } from './domains.js';
import type { StoreEngine } from './engine.js';
import { STORE_CONNECTION_ERROR, STORE_FEATURE, type StoreInterface } from './interface.js';
import { MESSAGE_HEADER_BYTES, MESSAGE_PAYLOAD_MAX } from './messages.js';
import { Outbox, type Outgoing, type PendingRequest } from './outbox.js';
import { answerRequest, type DomainRequests, errorAnswer } from './requests.js';

/** What a connection keeps of messages on their way. */
export interface ConnectionState {
  /** The header of a request whose payload is not all there. */
  readonly header: Uint8Array | undefined;
  /** What is there of that payload, or of a header. */
  readonly received: Uint8Array;
  readonly signal: boolean;
  readonly waiting: readonly Outgoing[];
  /** How much of the first message is sent. */
  readonly written: number;
}

/**
 * A domain's connection by a shared page. A guest that breaks the protocol (indices that cannot be, a payload announced
 * longer than {@link MESSAGE_PAYLOAD_MAX}) loses it: its watches, transactions and messages are dropped, the page says why,
 * and nothing of it is looked at any more, until it asks for a new connection.
 */
export class StoreConnection {
  readonly client: StoreClient;
  readonly #engine: StoreEngine;
  readonly #domains: DomainRequests;
  readonly #domain: StoreDomain;
  readonly #interface: StoreInterface;
  readonly #features: number;
  /** When an event of now is given up. */
  readonly #deadline: () => bigint | undefined;
  readonly #outbox: Outbox;
  readonly #header = new Uint8Array(MESSAGE_HEADER_BYTES);
  readonly #headerView = new DataView(this.#header.buffer);
  #payload: Uint8Array | undefined;
  #used = 0;
  #signal = false;
  #closed = false;

  constructor(
    engine: StoreEngine,
    domains: DomainRequests,
    domain: StoreDomain,
    page: StoreInterface,
    features: number,
    deadline: () => bigint | undefined,
  ) {
    this.#deadline = deadline;
    this.#engine = engine;
    this.#domains = domains;
    this.#domain = domain;
    this.#interface = page;
    this.#features = features;
    this.client = engine.addClient(domain, (path, token, cause) => this.#event(path, token, cause));
    this.#outbox = new Outbox(this.client, engine.domains);
    const awaited = page.reconnecting;
    page.advertise(features);
    page.reset();
    if (awaited) page.notify();
  }

  /** Whether the guest broke the protocol. */
  get failed(): boolean {
    return this.#domain.ignored;
  }

  /** Begins anew where the guest asks for it and was told that it may. */
  considerReconnecting(): void {
    if ((this.#features & STORE_FEATURE.RECONNECTION) === 0 || !this.#interface.reconnecting) return;
    this.drop();
    this.#domain.ignored = false;
    this.#interface.reset();
    this.#signal = true;
  }

  /**
   * Takes one request (where `receiving`) and answers it, and sends what waits, as far as the rings and the quotas allow.
   * Whether anything moved.
   */
  step(receiving: boolean): boolean {
    if (this.failed || this.#closed) return false;
    const taken = receiving && this.#mayRead && this.#receive();
    return this.#send() || taken;
  }

  /** Tells the guest, where anything moved since the last time. */
  signal(): void {
    if (!this.#signal) return;
    this.#signal = false;
    this.#interface.notify();
  }

  /** What it keeps beside its client's watches and transactions, for a machine that is saved. */
  get state(): ConnectionState {
    const received = (this.#payload ?? this.#header).slice(0, this.#used);
    const header = this.#payload === undefined ? undefined : this.#header.slice();
    return { header, received, signal: this.#signal, ...this.#outbox.state };
  }

  /** Takes the state of a connection that was saved; the rings are as the guest's memory has them. */
  resume(state: ConnectionState): void {
    if (state.header !== undefined) {
      this.#header.set(state.header);
      this.#payload = new Uint8Array(this.#headerView.getUint32(12, true));
    }
    (this.#payload ?? this.#header).set(state.received);
    this.#used = state.received.length;
    this.#signal = state.signal;
    this.#outbox.resume(state.waiting, state.written);
  }

  /** Ends it: the domain is gone, or released. */
  close(): void {
    this.drop();
    this.#closed = true;
    this.#engine.removeClient(this.client);
  }

  /** When the next event to it is given up. */
  get deadline(): bigint | undefined {
    return this.#outbox.deadline;
  }

  /** Gives up the events that it has not taken in time. */
  expire(now: bigint): void {
    this.#outbox.expire(now);
  }

  get #deadlineOfNow(): bigint | undefined {
    return this.#domain.privileged ? undefined : this.#deadline();
  }

  get #mayRead(): boolean {
    const { privileged, outstanding, memory } = this.#domain;
    const { quotas } = this.#engine;
    return privileged || (outstanding < quotas.outstanding && memory < quotas.memory);
  }

  #receive(): boolean {
    const { requests } = this.#interface;
    let moved = 0;
    if (this.#payload === undefined) {
      moved = requests.consume(this.#header, this.#used, MESSAGE_HEADER_BYTES);
      if (moved === RING_CORRUPT) return this.#fail(STORE_CONNECTION_ERROR.RINGIDX);
      this.#used += moved;
      if (moved > 0) this.#signal = true;
      if (this.#used < MESSAGE_HEADER_BYTES) return moved > 0;
      const length = this.#headerView.getUint32(12, true);
      if (length > MESSAGE_PAYLOAD_MAX) return this.#fail(STORE_CONNECTION_ERROR.PROTO);
      this.#payload = new Uint8Array(length);
      this.#used = 0;
    }
    const taken = requests.consume(this.#payload, this.#used, this.#payload.length);
    if (taken === RING_CORRUPT) return this.#fail(STORE_CONNECTION_ERROR.RINGIDX);
    this.#used += taken;
    if (taken > 0) this.#signal = true;
    if (this.#used < this.#payload.length) return moved + taken > 0;
    this.#process(this.#payload);
    return true;
  }

  #process(payload: Uint8Array): void {
    this.#payload = undefined;
    this.#used = 0;
    const view = this.#headerView;
    const message = {
      type: view.getUint32(0, true),
      request: view.getUint32(4, true),
      transaction: view.getUint32(8, true),
    };
    const pending: PendingRequest = { domid: this.client.id, events: 0, answered: false };
    this.client.cause = pending;
    const answer = answerRequest(this.#engine, this.#domains, this.client, { ...message, payload });
    this.client.cause = undefined;
    if (!this.#outbox.answer({ ...message, ...answer }, pending)) {
      this.#outbox.answer({ ...message, ...errorAnswer('ENOMEM') }, pending);
    }
    answer.afterwards?.();
  }

  #send(): boolean {
    if (this.#outbox.isEmpty) return false;
    const { answers } = this.#interface;
    let moved = false;
    const last = this.#outbox.drain((bytes, from) => {
      const count = answers.produce(bytes, from, bytes.length);
      if (count > 0) moved = true;
      return count;
    });
    if (moved) this.#signal = true;
    return last === RING_CORRUPT ? this.#fail(STORE_CONNECTION_ERROR.RINGIDX) : moved;
  }

  #event(path: string, token: string, cause: Cause | undefined): void {
    if (this.failed || this.#closed) return;
    this.#outbox.event(path, token, cause as PendingRequest | undefined, this.#deadlineOfNow);
  }

  #fail(error: number): false {
    this.#interface.fail(error);
    this.drop();
    this.#domain.ignored = true;
    return false;
  }

  /** Drops what it keeps: the guest begins anew, or saved state takes its place. */
  drop(): void {
    this.#engine.resetClient(this.client);
    this.#outbox.clear();
    this.#payload = undefined;
    this.#used = 0;
  }
}
