import { type EventSink, StoreClient } from './client.js';
import { type StoreDomain, StoreDomains } from './domains.js';
import type { StoreErrorName } from './errors.js';
import { childPath, RELEASE_DOMAIN } from './paths.js';
import { DEFAULT_QUOTAS, type StoreQuotas } from './quotas.js';
import { type ClientContext, NodeReader } from './reading.js';
import { Transaction } from './transaction.js';
import { type Context, NodeTree, ownerOf } from './tree.js';
import { Watches } from './watches.js';
import { NodeWriter } from './writing.js';

const NOBODY: Context = { client: undefined, transaction: undefined };
const NO_DATA = new Uint8Array(0);

/** The store without its doors: nodes, transactions, watches and clients. */
export class StoreEngine {
  readonly domains: StoreDomains;
  readonly tree: NodeTree;
  readonly watches: Watches;
  readonly reader: NodeReader;
  readonly writer: NodeWriter;
  readonly #clients = new Set<StoreClient>();
  #quotas: StoreQuotas;

  constructor(quotas: Partial<StoreQuotas>, exists: (domid: number) => boolean) {
    this.#quotas = { ...DEFAULT_QUOTAS, ...quotas };
    const current = (): StoreQuotas => this.#quotas;
    this.domains = new StoreDomains(exists, () => this.tree.generation, current);
    this.tree = new NodeTree(this.domains, current);
    this.watches = new Watches(this.tree, current, this.#clients);
    this.reader = new NodeReader(this.tree, current);
    this.writer = new NodeWriter(this.tree, this.reader, this.watches, current);
    this.domains.know(0);
    this.#plant('/tool/xenstored');
  }

  get quotas(): StoreQuotas {
    return this.#quotas;
  }

  /** A setting changes; what is beyond the new one stays, and grows no more. */
  setQuota(quota: keyof StoreQuotas, value: number): void {
    this.#quotas = { ...this.#quotas, [quota]: value };
  }

  addClient(domain: StoreDomain | undefined, deliver: EventSink): StoreClient {
    const client = new StoreClient(domain, deliver);
    this.#clients.add(client);
    if (domain !== undefined) domain.client = client;
    return client;
  }

  /** Ends all that a client began, and the client. */
  removeClient(client: StoreClient): void {
    this.resetClient(client);
    this.#clients.delete(client);
    for (const other of this.#clients) if (other.target === client) other.target = undefined;
    if (client.domain !== undefined) client.domain.client = undefined;
  }

  /** Ends all that a client began. */
  resetClient(client: StoreClient): void {
    this.watches.removeAll(client);
    client.dropTransactions();
  }

  /** The context of a request: ENOENT for a transaction that the client does not have. */
  context(client: StoreClient, transactionId: number): ClientContext | StoreErrorName {
    if (transactionId === 0) return { client, transaction: undefined };
    const transaction = client.transactions.get(transactionId);
    return transaction === undefined ? 'ENOENT' : { client, transaction };
  }

  /** TRANSACTION_START: EBUSY inside another one, ENOSPC beyond the quota. */
  start(context: ClientContext): Transaction | StoreErrorName {
    const { client } = context;
    if (context.transaction !== undefined) return 'EBUSY';
    if (!client.privileged && client.transactions.size > this.#quotas.transactions) return 'ENOSPC';
    const id = client.unusedTransactionId();
    const transaction = new Transaction(id, client, this.tree, this.#quotas, ++this.tree.generation);
    client.transactions.set(transaction.id, transaction);
    return transaction;
  }

  /** TRANSACTION_END: ENOENT without one; else it is over, committed where that gives no error. */
  end(context: ClientContext, commit: boolean): StoreErrorName | undefined {
    const { client, transaction } = context;
    if (transaction === undefined) return 'ENOENT';
    client.transactions.delete(transaction.id);
    if (!commit) {
      transaction.discard();
      return undefined;
    }
    const after: Context = { client, transaction: undefined };
    return transaction.commit((path, exact, before) => this.watches.fire(after, path, undefined, exact, before));
  }

  /** A special event. */
  tell(event: string): void {
    this.watches.fire(NOBODY, event, undefined, true);
  }

  /** A domain is gone: its nodes and all below them, its permissions, its memory, and it is told. */
  forget(domain: StoreDomain): void {
    if (domain.client !== undefined) this.removeClient(domain.client);
    if (domain.nodes > 0) this.#removeOwned(domain.id, '/');
    this.watches.forgetDomain(domain.id);
    this.domains.forget(domain);
    // A successor that came before the next change would have the generation of the last node, and its permissions.
    this.tree.generation++;
    this.tell(RELEASE_DOMAIN);
  }

  /** What a domain takes, and how much of each: for CONTROL and for tests. */
  usage(
    domid: number,
  ): Readonly<Record<'nodes' | 'watches' | 'transactions' | 'outstanding' | 'memory', number>> | undefined {
    const domain = this.domains.find(domid);
    if (domain === undefined) return undefined;
    const { nodes, watches, outstanding, memory } = domain;
    return { nodes, watches, transactions: domain.client?.transactions.size ?? 0, outstanding, memory };
  }

  #removeOwned(domid: number, path: string): void {
    const node = this.tree.read(NOBODY, path);
    if (typeof node === 'string') return;
    if (ownerOf(node) === domid && path !== '/') this.writer.removeTree(NOBODY, path);
    else for (const child of node.children) this.#removeOwned(domid, childPath(path, child));
  }

  #plant(path: string): void {
    const leaves = path.split('/').slice(1);
    const permissions = [{ domain: 0, access: 'n' }] as const;
    for (let depth = 0; depth <= leaves.length; depth++) {
      const each = depth === 0 ? '/' : `/${leaves.slice(0, depth).join('/')}`;
      this.tree.write(NOBODY, each, { permissions, data: NO_DATA, children: leaves.slice(depth, depth + 1) }, false);
    }
    (this.domains.know(0) as StoreDomain).nodes += leaves.length + 1;
  }
}
