import type { StoreDomain } from './domains.js';
import { domainPath } from './paths.js';
import type { Transaction } from './transaction.js';
import type { Watch } from './watches.js';

/** A request of an unprivileged domain, until its answer and all events that it caused are delivered. */
export interface Cause {
  /** Events of it that are on their way. */
  events: number;
}

/** Where a client's events go. */
export type EventSink = (path: string, token: string, cause: Cause | undefined) => void;

/** Whoever talks to the store: a domain, or the host (no domain; privileged). */
export class StoreClient {
  /** 0 for the host. */
  readonly id: number;
  readonly privileged: boolean;
  readonly domain: StoreDomain | undefined;
  /** To what relative paths are relative. */
  readonly path: string;
  readonly watches: Watch[] = [];
  readonly transactions = new Map<number, Transaction>();
  readonly deliver: EventSink;
  /** For whose sake it works. */
  target: StoreClient | undefined;
  /** The request in hand. */
  cause: Cause | undefined;
  /** Where the search for an id of a transaction begins. */
  nextTransaction = 0;

  constructor(domain: StoreDomain | undefined, deliver: EventSink) {
    this.id = domain?.id ?? 0;
    this.privileged = domain?.privileged ?? true;
    this.domain = domain;
    this.path = domainPath(this.id);
    this.deliver = deliver;
  }

  /** An id that none of its transactions has; 0 is no transaction. */
  unusedTransactionId(): number {
    let id: number;
    do {
      id = this.nextTransaction;
      this.nextTransaction = (id + 1) >>> 0;
    } while (id === 0 || this.transactions.has(id));
    return id;
  }

  /** Gives up all its transactions. */
  dropTransactions(): void {
    for (const transaction of this.transactions.values()) transaction.discard();
    this.transactions.clear();
  }
}
