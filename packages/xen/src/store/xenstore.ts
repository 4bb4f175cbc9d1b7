import type { Saved, SharedWords } from '@trapline/core';
import type { Observable } from 'rxjs';
import { DOMID_FIRST_RESERVED } from '../abi/domain-ids.js';
import { StoreConnection } from './connection.js';
import { StoreEngine } from './engine.js';
import { StoreError, type StoreErrorName } from './errors.js';
import { HostWatches } from './host-watches.js';
import { STORE_FEATURE, StoreInterface } from './interface.js';
import { INTRODUCE_DOMAIN, RELEASE_DOMAIN } from './paths.js';
import type { StoreQuotas } from './quotas.js';
import type { DomainRequests } from './requests.js';
import { restoreStore, saveStore } from './saved-store.js';
import { EventTimeouts, type StoreClock } from './timeouts.js';
import { StoreView } from './view.js';

/** How often {@link XenStore.transaction} begins again after a conflict. */
export const TRANSACTION_ATTEMPTS = 16;
/** Requests of one domain that one event makes the store take: what a ring holds at most, whatever its indices say. */
export const REQUESTS_PER_EVENT = 128;

/** What a store is made with. */
export interface XenStoreOptions {
  /** Other limits than {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Partial<StoreQuotas>;
  /**
   * Whether there is a domain of an id; every number that a domain can have where absent. Nothing can be given to one that
   * does not exist, and what is allowed to it counts for no later one.
   */
  readonly exists?: (domid: number) => boolean;
  /** What connections advertise ({@link STORE_FEATURE}): all where absent, and 0 as xenstored 4.17 does. */
  readonly features?: number;
  /** Connects a domain that domain 0 introduces by a request of its own. EINVAL to it where absent, or where false. */
  readonly introduce?: (domid: number, port: number) => boolean;
  /**
   * Time, by which events are given up that a domain has not taken for {@link WATCH_EVENT_TIMEOUT_NS}: it holds up who
   * caused them no longer. The store's service brings the machine's, where absent; without one they wait for ever.
   */
  readonly clock?: StoreClock;
  /** Takes the texts of CONTROL's `print`. */
  readonly print?: (text: string) => void;
}

/** A page shared with a domain, and its event channel. */
export interface StoreChannel {
  readonly words: SharedWords;
  /** Signals the domain. */
  notify(): void;
}

/**
 * xenstore: the tree of nodes that domains read, write and watch, with the host's side of it as methods (everything is
 * allowed to them, and what fails throws a {@link StoreError}), and the domains' sides as connections. It runs when it is
 * called: by the host, or for an event of a domain ({@link events}).
 */
export class XenStore extends StoreView {
  readonly #engine: StoreEngine;
  readonly #host: HostWatches;
  readonly #options: XenStoreOptions;
  readonly #connections = new Map<number, StoreConnection>();
  readonly #requests: DomainRequests;
  readonly #timeouts: EventTimeouts;
  #settling = false;

  constructor(options: XenStoreOptions = {}) {
    const engine = new StoreEngine(options.quotas ?? {}, options.exists ?? ((domid) => domid < DOMID_FIRST_RESERVED));
    const host = new HostWatches(engine);
    super(engine, { client: host.client, transaction: undefined }, () => this.events());
    this.#engine = engine;
    this.#host = host;
    this.#options = options;
    this.#timeouts = new EventTimeouts(() => this.events());
    if (options.clock !== undefined) this.#timeouts.use(options.clock);
    this.#requests = {
      introduce: (domid, port) => (options.introduce?.(domid, port) === true ? undefined : 'EINVAL'),
      release: (domid) => this.#connected(domid) ?? this.#forget(domid),
      resume: (domid) => this.#connected(domid) ?? this.#resume(domid),
      setTarget: (domid, target) => this.#connected(domid) ?? this.#connected(target) ?? this.#aim(domid, target),
      isIntroduced: (domid) => this.#connections.has(domid),
      print: (text) => options.print?.(text),
    };
  }

  /**
   * Watches a path, absolute or special, and all below it: the paths that change, first its own. It lasts as long as the
   * subscription; EINVAL as an error of the stream where that is no path.
   */
  watch(path: string): Observable<string> {
    return this.#host.stream(path, () => this.events());
  }

  /**
   * Does several things as one: others see all or nothing. Begins again where another change came between (which only
   * asynchronous code of the host's can make happen); EAGAIN after {@link TRANSACTION_ATTEMPTS}. What `work` throws ends it
   * without a change.
   */
  transaction<T>(work: (view: StoreView) => T): T {
    for (let attempt = 0; attempt < TRANSACTION_ATTEMPTS; attempt++) {
      const open = this.begin();
      let result: T;
      try {
        result = work(open.view);
      } catch (error) {
        open.abort();
        throw error;
      }
      if (open.commit()) return result;
    }
    throw new StoreError('EAGAIN', 'transaction', '');
  }

  /** Begins a transaction that lasts beyond one call: `commit` gives false for a conflict, and nothing is changed then. */
  begin(): { readonly view: StoreView; commit(): boolean; abort(): void } {
    const transaction = this.#engine.start({ client: this.#host.client, transaction: undefined });
    if (typeof transaction === 'string') throw new StoreError(transaction, 'transaction', '');
    const context = { client: this.#host.client, transaction };
    const end = (commit: boolean): boolean => {
      const error = this.#engine.end(context, commit);
      if (error !== undefined && error !== 'EAGAIN') throw new StoreError(error, 'transaction', '');
      this.events();
      return error === undefined;
    };
    return {
      view: new StoreView(this.#engine, context, () => undefined),
      commit: () => end(true),
      abort: () => void end(false),
    };
  }

  /** INTRODUCE: begins to talk to a domain; a domain that has a connection gets a new one. Tells `@introduceDomain`. */
  introduce(domid: number, channel: StoreChannel): void {
    const before = this.#connections.get(domid);
    before?.close();
    const domain = this.#engine.domains.know(domid);
    domain.ignored = false;
    const page = new StoreInterface(channel.words, () => channel.notify());
    const features = this.#options.features ?? STORE_FEATURE.RECONNECTION | STORE_FEATURE.ERROR;
    const deadline = (): bigint | undefined => this.#timeouts.deadline;
    const connection = new StoreConnection(this.#engine, this.#requests, domain, page, features, deadline);
    this.#connections.set(domid, connection);
    if (before === undefined) this.#engine.tell(INTRODUCE_DOMAIN);
    this.events();
  }

  /** RELEASE, and a domain's death: its connection, nodes, watches and transactions go. Tells `@releaseDomain`. */
  release(domid: number): void {
    this.#forget(domid);
    this.events();
  }

  /** A domain shut down or crashed, and is still there: tells `@releaseDomain`, once until {@link resume}. */
  shutDown(domid: number): void {
    const domain = this.#engine.domains.find(domid);
    if (domain === undefined || domain.shutdown || !this.#connections.has(domid)) return;
    domain.shutdown = true;
    this.#engine.tell(RELEASE_DOMAIN);
    this.events();
  }

  /** RESUME: its next shutdown is told again. */
  resume(domid: number): void {
    this.#resume(domid);
  }

  /** SET_TARGET: a domain gets the rights of another one. ENOENT where one of them has no connection. */
  setTarget(domid: number, target: number): void {
    const error = this.#requests.setTarget(domid, target);
    if (error !== undefined) throw new StoreError(error, 'setTarget', String(domid));
  }

  /** Takes a clock, where {@link XenStoreOptions.clock} gave none. */
  useClock(clock: StoreClock): void {
    this.#timeouts.use(clock);
  }

  /** Whether it talks to a domain. */
  isIntroduced(domid: number): boolean {
    return this.#connections.has(domid);
  }

  /** Whether a domain broke the protocol, and is not listened to. */
  hasFailed(domid: number): boolean {
    return this.#connections.get(domid)?.failed ?? false;
  }

  /** How much of the store a domain takes; undefined for one that it does not know. */
  usage(domid: number): ReturnType<StoreEngine['usage']> {
    return this.#engine.usage(domid);
  }

  /**
   * What it keeps of its guests: nodes, permissions, connections, watches, transactions, messages on their way. The host's
   * own watches last over {@link restore}; its open transactions are no part of it.
   */
  save(): Saved {
    return saveStore(this.#engine, this.#connections);
  }

  /**
   * Takes back what {@link save} gave, with the guests' memory as it was then: the rings are part of that. Domains that
   * were connected have to be introduced before. Throws `RestoreError` for anything else.
   */
  restore(saved: Saved): void {
    restoreStore(this.#engine, this.#connections, saved);
    this.#timeouts.arm(this.#connections.values());
  }

  /**
   * Works off what the rings hold: called when a domain signals. Each domain gets at most {@link REQUESTS_PER_EVENT}
   * requests in; what remains waits for the next event.
   */
  events(): void {
    if (this.#settling) return;
    this.#settling = true;
    try {
      for (const connection of this.#connections.values()) connection.considerReconnecting();
      this.#timeouts.expire(this.#connections.values());
      let requests = 0;
      do while (this.#step(requests < REQUESTS_PER_EVENT)) requests++;
      while (this.#host.tell());
      for (const connection of [...this.#connections.values()]) connection.signal();
      this.#timeouts.arm(this.#connections.values());
    } finally {
      this.#settling = false;
    }
  }

  /** Serves each domain once; whether anything moved. */
  #step(receiving: boolean): boolean {
    let moved = false;
    for (const connection of [...this.#connections.values()]) if (connection.step(receiving)) moved = true;
    return moved;
  }

  #connected(domid: number): StoreErrorName | undefined {
    return this.#connections.has(domid) ? undefined : 'ENOENT';
  }

  #forget(domid: number): undefined {
    this.#connections.get(domid)?.close();
    this.#connections.delete(domid);
    const domain = this.#engine.domains.find(domid);
    if (domain !== undefined && domid !== 0) this.#engine.forget(domain);
  }

  #resume(domid: number): undefined {
    const domain = this.#engine.domains.find(domid);
    if (domain !== undefined) domain.shutdown = false;
  }

  #aim(domid: number, target: number): undefined {
    const clients = [domid, target].map((id) => this.#engine.domains.find(id)?.client);
    if (clients[0] !== undefined) clients[0].target = clients[1];
  }
}
