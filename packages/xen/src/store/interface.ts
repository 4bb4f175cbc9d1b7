import type { SharedWords } from '@trapline/core';
import { ByteRing, type ByteRingLayout } from '../rings/byte-ring.js';

/** Bytes of each of the two rings (XENSTORE_RING_SIZE). */
export const STORE_RING_BYTES = 1024;

/** Where `xenstore_domain_interface` has its parts, in 32-bit words (public/io/xs_wire.h, docs/misc/xenstore-ring.txt). */
export const STORE_INTERFACE: {
  readonly requests: ByteRingLayout;
  readonly answers: ByteRingLayout;
  readonly features: number;
  readonly connection: number;
  readonly error: number;
} = {
  requests: { bytes: 0, size: STORE_RING_BYTES, consumer: 512, producer: 513 },
  answers: { bytes: 256, size: STORE_RING_BYTES, consumer: 514, producer: 515 },
  features: 516,
  connection: 517,
  error: 518,
};

/** What the server says it can: the guest may ask for a new connection; the error word is valid. */
export const STORE_FEATURE = { RECONNECTION: 1, ERROR: 2 } as const;
/** What the connection word says. */
export const STORE_CONNECTION = { CONNECTED: 0, RECONNECT: 1 } as const;
/** Why the server stopped talking to a guest. */
export const STORE_CONNECTION_ERROR = {
  NONE: 0,
  /** The event channel does not work. */
  COMM: 1,
  /** The guest's indices cannot be. */
  RINGIDX: 2,
  /** The guest announced a payload that is too long. */
  PROTO: 3,
} as const;

/** The store's side of the page that it shares with a domain, and the event channel beside it. */
export class StoreInterface {
  readonly requests: ByteRing;
  readonly answers: ByteRing;
  readonly #words: SharedWords;
  readonly #notify: () => void;

  constructor(words: SharedWords, notify: () => void) {
    this.requests = new ByteRing(words, STORE_INTERFACE.requests);
    this.answers = new ByteRing(words, STORE_INTERFACE.answers);
    this.#words = words;
    this.#notify = notify;
  }

  /** Says what the server can; bits are never taken back. */
  advertise(features: number): void {
    this.#words.or(STORE_INTERFACE.features, features);
  }

  /** Whether somebody asked for a new connection. */
  get reconnecting(): boolean {
    return this.#words.load(STORE_INTERFACE.connection) === STORE_CONNECTION.RECONNECT;
  }

  /** Empties both rings, takes back an error, and says that the connection is there. */
  reset(): void {
    this.requests.clear();
    this.answers.clear();
    this.#words.store(STORE_INTERFACE.error, STORE_CONNECTION_ERROR.NONE);
    this.#words.store(STORE_INTERFACE.connection, STORE_CONNECTION.CONNECTED);
  }

  /** Says why nothing more will come. */
  fail(error: number): void {
    this.#words.store(STORE_INTERFACE.error, error);
  }

  notify(): void {
    this.#notify();
  }
}
