import type { ClockPort } from '@trapline/core';
import type { StoreConnection } from './connection.js';

/** How long an event waits for a domain that does not take it (`timeout_watch_event_msec`, xenstored 4.17). */
export const WATCH_EVENT_TIMEOUT_NS = 20_000_000_000n;

/** The part of a clock that a store needs. */
export type StoreClock = Pick<ClockPort, 'now' | 'at'>;

/** Gives up events that domains do not take in time, also while nobody else calls the store. */
export class EventTimeouts {
  readonly #wake: () => void;
  #clock: StoreClock | undefined;
  #cancel: (() => void) | undefined;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Takes a clock, where it has none yet. */
  use(clock: StoreClock): void {
    this.#clock ??= clock;
  }

  /** When an event that is queued now is given up. */
  get deadline(): bigint | undefined {
    return this.#clock === undefined ? undefined : this.#clock.now() + WATCH_EVENT_TIMEOUT_NS;
  }

  expire(connections: Iterable<StoreConnection>): void {
    const now = this.#clock?.now();
    if (now !== undefined) for (const connection of connections) connection.expire(now);
  }

  /** Has the store called when the next event is to be given up. */
  arm(connections: Iterable<StoreConnection>): void {
    this.#cancel?.();
    this.#cancel = undefined;
    let next: bigint | undefined;
    for (const { deadline } of connections) {
      if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline;
    }
    if (next !== undefined) this.#cancel = this.#clock?.at(next, this.#wake);
  }
}
