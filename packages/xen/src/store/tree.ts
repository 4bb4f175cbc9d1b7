import type { StoreClient } from './client.js';
import type { StoreDomains } from './domains.js';
import type { StoreErrorName } from './errors.js';
import { recordBytes, type StoreNode } from './node.js';
import type { Permission } from './permissions.js';
import type { StoreQuotas } from './quotas.js';
import type { Transaction } from './transaction.js';

/** Who acts, and inside which transaction. No client: the store itself. */
export interface Context {
  readonly client: StoreClient | undefined;
  readonly transaction: Transaction | undefined;
}

/**
 * The nodes, as one flat table by path, and the one counter from which every change takes its generation. All access goes
 * through {@link read}, {@link write} and {@link remove}: they keep what a transaction touched apart from the rest.
 */
export class NodeTree {
  readonly domains: StoreDomains;
  readonly #nodes = new Map<string, StoreNode>();
  readonly #quotas: () => StoreQuotas;
  generation = 0;

  constructor(domains: StoreDomains, quotas: () => StoreQuotas) {
    this.domains = domains;
    this.#quotas = quotas;
  }

  /** The committed node. */
  get(path: string): StoreNode | undefined {
    return this.#nodes.get(path);
  }

  get entries(): IterableIterator<[string, StoreNode]> {
    return this.#nodes.entries();
  }

  /** Forgets every node: what is saved takes their place. */
  clear(): void {
    this.#nodes.clear();
  }

  /** Puts a committed node, with its memory counted for its owner; false where that is refused. */
  put(path: string, node: StoreNode, checked: boolean): boolean {
    const old = this.#nodes.get(path);
    const before = old === undefined ? 0 : recordBytes(old) + path.length;
    if (old !== undefined) this.domains.takeMemory(ownerOf(old), -before, false);
    if (!this.domains.takeMemory(ownerOf(node), recordBytes(node) + path.length, checked)) {
      if (old !== undefined) this.domains.takeMemory(ownerOf(old), before, false);
      return false;
    }
    this.#nodes.set(path, node);
    return true;
  }

  /** Takes a committed node away. */
  drop(path: string): void {
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    this.#nodes.delete(path);
    this.domains.takeMemory(ownerOf(node), -(recordBytes(node) + path.length), false);
  }

  /**
   * The node as the context sees it; ENOENT where there is none, ENOSPC where the transaction may touch no more nodes.
   * A transaction keeps what it saw first.
   */
  read(context: Context, path: string): StoreNode | StoreErrorName {
    const { transaction } = context;
    const access = transaction?.find(path);
    const node = access === undefined ? this.#nodes.get(path) : access.node;
    if (transaction !== undefined && access === undefined && transaction.touch(path, node) === undefined)
      return 'ENOSPC';
    return node === undefined ? 'ENOENT' : this.#withoutTheGone(node);
  }

  /**
   * Stores a node in the context, with a new generation: ENOSPC for one that is too large, EIO where its owner has no
   * memory left. A transaction in which this fails cannot be committed.
   */
  write(
    context: Context,
    path: string,
    content: Omit<StoreNode, 'generation'>,
    checked: boolean,
  ): StoreErrorName | undefined {
    const { client, transaction } = context;
    this.generation++;
    const node: StoreNode = {
      generation: this.generation,
      permissions: content.permissions,
      data: content.data,
      children: content.children,
    };
    const access =
      transaction === undefined ? undefined : (transaction.find(path) ?? transaction.touch(path, undefined));
    if (transaction !== undefined && access === undefined) return 'ENOSPC';
    const large =
      checked && client !== undefined && !client.privileged && recordBytes(node) >= this.#quotas().nodeBytes;
    if (large) {
      transaction?.fail();
      return 'ENOSPC';
    }
    if (transaction === undefined || access === undefined) return this.put(path, node, checked) ? undefined : 'EIO';
    access.modified = true;
    if (transaction.keep(access, path, node, checked)) return undefined;
    transaction.fail();
    return 'EIO';
  }

  /** Removes a node that was read in the same context. */
  remove(context: Context, path: string): void {
    this.generation++;
    const { transaction } = context;
    const access = transaction?.find(path);
    if (transaction === undefined || access === undefined) {
      this.drop(path);
      return;
    }
    access.modified = true;
    transaction.keep(access, path, undefined, false);
  }

  /** Permissions that name a domain which went, or is younger than they are, count no more. */
  #withoutTheGone(node: StoreNode): StoreNode {
    let permissions: Permission[] | undefined;
    for (let i = 1; i < node.permissions.length; i++) {
      const entry = node.permissions[i] as Permission;
      const domain = this.domains.find(entry.domain);
      if (entry.void === true || (domain !== undefined && domain.generation <= node.generation)) continue;
      permissions ??= [...node.permissions];
      permissions[i] = { ...entry, void: true };
    }
    return permissions === undefined ? node : { ...node, permissions };
  }
}

/** The domain that a node belongs to. */
export function ownerOf(node: StoreNode): number {
  return (node.permissions[0] as Permission).domain;
}
