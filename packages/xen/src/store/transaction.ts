import type { StoreClient } from './client.js';
import type { StoreErrorName } from './errors.js';
import { NO_GENERATION, recordBytes, type StoreNode } from './node.js';
import type { Permission } from './permissions.js';
import type { StoreQuotas } from './quotas.js';
import { type NodeTree, ownerOf } from './tree.js';

/** One node that a transaction touched. */
export interface Access {
  /** As the transaction sees it now; undefined: not there. */
  node: StoreNode | undefined;
  /** What it was when it was first looked at. */
  readonly generation: number;
  /** The permissions it had then: who could read it hears of its change. */
  readonly permissions: readonly Permission[] | undefined;
  modified: boolean;
  /** Whether watches are told on commit, and whether only those of this very path. */
  fire: 'none' | 'exact' | 'subtree';
}

/** Everything that a transaction keeps. */
export interface TransactionState {
  readonly accesses: Iterable<readonly [string, Access]>;
  readonly owned: Iterable<readonly [domid: number, change: number]>;
  readonly creates: boolean;
  readonly failed: boolean;
}

/** Tells watches of a committed change. */
export type FireWatches = (path: string, exact: boolean, before: readonly Permission[] | undefined) => void;

/**
 * A transaction. It sees a node as that was when the transaction first touched it, and its own changes; others see these
 * on commit. **The commit conflicts (EAGAIN) exactly when a node it touched has another generation in the store than it
 * had at the first touch.** Touched is every node that was read or written, looked for and not found, listed, or asked for
 * its permissions on the way to an answer (the parent of a new, a removed or a refused node); every change of a node
 * gives it a new generation: its value (the same value too), its permissions, its list of children, its removal and
 * return. A node that was missing and is missing again has not changed (`finalize_transaction`, xenstored 4.17).
 */
export class Transaction {
  readonly id: number;
  readonly generation: number;
  readonly #client: StoreClient;
  readonly #tree: NodeTree;
  readonly #quotas: StoreQuotas;
  /** Names the transaction's copies of nodes: the length of their keys counts as memory. */
  readonly #keyPrefix: number;
  readonly #accesses = new Map<string, Access>();
  /** How many nodes more each domain will own. */
  readonly #owned = new Map<number, number>();
  #creates = false;
  #failed = false;

  /** `generation` is the transaction's own: a new one, or that of one that was saved. */
  constructor(id: number, client: StoreClient, tree: NodeTree, quotas: StoreQuotas, generation: number) {
    this.id = id;
    this.generation = generation;
    this.#client = client;
    this.#tree = tree;
    this.#quotas = quotas;
    this.#keyPrefix = `${generation}/`.length;
  }

  find(path: string): Access | undefined {
    return this.#accesses.get(path);
  }

  /** Notes a first access; undefined, and the transaction cannot be committed, where it may touch no more nodes. */
  touch(path: string, node: StoreNode | undefined): Access | undefined {
    if (!this.#client.privileged && this.#accesses.size >= this.#quotas.transactionNodes) {
      this.fail();
      return undefined;
    }
    const access: Access = {
      node: undefined,
      generation: node?.generation ?? NO_GENERATION,
      permissions: node?.permissions,
      modified: false,
      fire: 'none',
    };
    this.#accesses.set(path, access);
    this.keep(access, path, node, false);
    return access;
  }

  /** Replaces the transaction's copy of a node; false where the client's memory does not allow that. */
  keep(access: Access, path: string, node: StoreNode | undefined, checked: boolean): boolean {
    const { domains } = this.#tree;
    const before = this.#bytes(access.node, path);
    domains.takeMemory(this.#client.id, -before, false);
    if (!domains.takeMemory(this.#client.id, this.#bytes(node, path), checked)) {
      domains.takeMemory(this.#client.id, before, false);
      return false;
    }
    access.node = node;
    return true;
  }

  /** A change that watches will hear of; the wider notice wins. */
  queue(path: string, exact: boolean): void {
    const access = this.#accesses.get(path);
    if (access === undefined) this.fail();
    else if (!exact) access.fire = 'subtree';
    else if (access.fire === 'none') access.fire = 'exact';
  }

  /** A domain owns more nodes, or fewer, once this is committed. */
  own(domid: number, change: number): void {
    this.#owned.set(domid, (this.#owned.get(domid) ?? 0) + change);
  }

  creates(): void {
    this.#creates = true;
  }

  /** From now on it can only be given up. */
  fail(): void {
    this.#failed = true;
  }

  /** What it keeps, for a machine that is saved. */
  get state(): TransactionState {
    return { accesses: this.#accesses, owned: this.#owned, creates: this.#creates, failed: this.#failed };
  }

  /** Takes the state of one that was saved. */
  resume(state: TransactionState): void {
    for (const [path, access] of state.accesses) {
      const kept: Access = { ...access, node: undefined };
      this.#accesses.set(path, kept);
      this.keep(kept, path, access.node, false);
    }
    for (const [domid, change] of state.owned) this.#owned.set(domid, change);
    this.#creates = state.creates;
    this.#failed = state.failed;
  }

  /** Frees what the copies take. */
  discard(): void {
    for (const [path, access] of this.#accesses) this.keep(access, path, undefined, false);
    this.#accesses.clear();
  }

  /**
   * Makes the changes everybody's, and ends it either way: ENOMEM after a failure inside, ENOSPC where a domain would own
   * too many nodes, EAGAIN for a conflict.
   */
  commit(fire: FireWatches): StoreErrorName | undefined {
    const error = this.#refused();
    if (error === undefined) this.#apply(fire);
    this.discard();
    return error;
  }

  #refused(): StoreErrorName | undefined {
    if (this.#failed) return 'ENOMEM';
    const { domains } = this.#tree;
    for (const [domid, change] of this.#owned) {
      const domain = domains.knowExisting(domid);
      if (domain === undefined) return 'ENOMEM';
      const limited = this.#creates && !this.#client.privileged && !domain.privileged;
      if (limited && Math.max(domain.nodes + change, 0) >= this.#quotas.nodes) return 'ENOSPC';
    }
    for (const [path, access] of this.#accesses) {
      if ((this.#tree.get(path)?.generation ?? NO_GENERATION) !== access.generation) return 'EAGAIN';
    }
    return undefined;
  }

  #apply(fire: FireWatches): void {
    const tree = this.#tree;
    for (const [path, access] of this.#accesses) {
      if (!access.modified) continue;
      const { node } = access;
      this.keep(access, path, undefined, false);
      if (node === undefined) tree.drop(path);
      else tree.put(path, { ...node, generation: ++tree.generation }, false);
      if (access.fire !== 'none') fire(path, access.fire === 'exact', access.permissions);
    }
    for (const [domid, change] of this.#owned) tree.domains.know(domid).nodes += change;
  }

  #bytes(node: StoreNode | undefined, path: string): number {
    return node === undefined ? 0 : recordBytes(node) + this.#keyPrefix + path.length;
  }
}

/** The owner's count of nodes changes: at once, or when the transaction is committed. */
export function countOwned(
  tree: NodeTree,
  transaction: Transaction | undefined,
  node: StoreNode,
  change: 1 | -1,
): boolean {
  if (transaction !== undefined) {
    transaction.own(ownerOf(node), change);
    return true;
  }
  const domain = change === 1 ? tree.domains.knowExisting(ownerOf(node)) : tree.domains.find(ownerOf(node));
  if (domain === undefined) return change === -1;
  domain.nodes += change;
  return true;
}
