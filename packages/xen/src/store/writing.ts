import { NodeCreator } from './creating.js';
import type { StoreErrorName } from './errors.js';
import type { StoreNode } from './node.js';
import { childPath, isSpecial, leafName, parentPath } from './paths.js';
import { OWN, type Permission, rightsOf, WRITE } from './permissions.js';
import type { StoreQuotas } from './quotas.js';
import type { ClientContext, NodeReader } from './reading.js';
import { countOwned } from './transaction.js';
import { type Context, type NodeTree, ownerOf } from './tree.js';
import { absolutePath, type Watches } from './watches.js';

const NO_DATA = new Uint8Array(0);

/** Changes nodes for clients. Each gives nothing where it is done, or the error's name. */
export class NodeWriter {
  readonly #tree: NodeTree;
  readonly #reader: NodeReader;
  readonly #watches: Watches;
  readonly #quotas: () => StoreQuotas;
  readonly #creator: NodeCreator;

  constructor(tree: NodeTree, reader: NodeReader, watches: Watches, quotas: () => StoreQuotas) {
    this.#tree = tree;
    this.#reader = reader;
    this.#watches = watches;
    this.#quotas = quotas;
    this.#creator = new NodeCreator(tree, watches, quotas);
  }

  /** WRITE: the value, with the node and all missing directories made on the way. The bytes are the store's from now on. */
  write(context: ClientContext, path: string, data: Uint8Array): StoreErrorName | undefined {
    const absolute = absolutePath(context.client, path);
    const node = this.#reader.find(context, absolute, WRITE);
    if (typeof node === 'string') {
      if (node !== 'ENOENT') return node;
      return this.#creator.create(context, absolute, data);
    }
    const error = this.#tree.write(context, absolute, { ...node, data }, true);
    if (error === undefined) this.#watches.fire(context, absolute);
    return error;
  }

  /** MKDIR: the node with no value, where it is not there. */
  mkdir(context: ClientContext, path: string): StoreErrorName | undefined {
    const absolute = absolutePath(context.client, path);
    const node = this.#reader.find(context, absolute, WRITE);
    if (typeof node !== 'string') return undefined;
    return node === 'ENOENT' ? this.#creator.create(context, absolute, NO_DATA) : node;
  }

  /** RM: the node and all below it; ENOENT only where its directory is missing too, EINVAL for the root. */
  rm(context: ClientContext, path: string): StoreErrorName | undefined {
    const absolute = absolutePath(context.client, path);
    const node = this.#reader.find(context, absolute, WRITE);
    if (node === 'ENOENT') {
      const parent = this.#tree.read(context, parentPath(absolute));
      return typeof parent === 'string' ? parent : undefined;
    }
    if (typeof node === 'string') return node;
    return absolute === '/' ? 'EINVAL' : this.removeTree(context, absolute);
  }

  /**
   * SET_PERMS: ENOSPC for too many, ENOENT for an owner that does not exist, EACCES without ownership, EPERM for giving
   * the node away. Other domains that do not exist are kept, and count for nobody.
   */
  setPermissions(context: ClientContext, path: string, wanted: readonly Permission[]): StoreErrorName | undefined {
    const { client, transaction } = context;
    if (wanted.length === 0) return 'EINVAL';
    if (!client.privileged && wanted.length > this.#quotas().permissions) return 'ENOSPC';
    const permissions = wanted.map(
      ({ domain, access }): Permission =>
        this.#tree.domains.knowExisting(domain) === undefined ? { domain, access, void: true } : { domain, access },
    );
    const owner = permissions[0] as Permission;
    if (owner.void === true) return 'ENOENT';
    if (isSpecial(path)) return this.#setSpecial(context, path, permissions);
    const absolute = absolutePath(client, path);
    const node = this.#reader.find(context, absolute, WRITE | OWN);
    if (typeof node === 'string') return node;
    if (!client.privileged && owner.domain !== ownerOf(node)) return 'EPERM';
    const content = { ...node, permissions };
    countOwned(this.#tree, transaction, node, -1);
    countOwned(this.#tree, transaction, content, 1);
    const error = this.#tree.write(context, absolute, content, true);
    if (error === undefined) {
      this.#watches.fire(context, absolute, undefined, false, node.permissions);
    } else {
      countOwned(this.#tree, transaction, content, -1);
      countOwned(this.#tree, transaction, node, 1);
    }
    return error;
  }

  /**
   * Removes a node that is there and all below it, the lowest first, and tells of each. EIO where a transaction, which
   * sees each node as it was when it first looked at it, sees a directory and its children from different times: it can
   * only conflict then.
   */
  removeTree(context: Context, path: string): StoreErrorName | undefined {
    const directory = parentPath(path);
    const parent = this.#tree.read(context, directory);
    if (typeof parent === 'string') return parent === 'ENOSPC' ? parent : 'EINVAL';
    const doomed: [string, StoreNode][] = [];
    if (!this.#below(context, path, doomed)) return 'EIO';
    for (const [each, node] of doomed) {
      this.#watches.fire(context, each, node, each !== path);
      this.#tree.remove(context, each);
      countOwned(this.#tree, context.transaction, node, -1);
    }
    const at = parent.children.indexOf(leafName(path));
    if (at < 0) return 'EIO';
    return this.#tree.write(context, directory, { ...parent, children: parent.children.toSpliced(at, 1) }, false);
  }

  /** Finds a node and all below it, each after its children; false where a transaction may not touch as many. */
  #below(context: Context, path: string, found: [string, StoreNode][]): boolean {
    const node = this.#tree.read(context, path);
    if (typeof node === 'string') return false;
    for (const child of node.children) if (!this.#below(context, childPath(path, child), found)) return false;
    found.push([path, node]);
    return true;
  }

  #setSpecial(context: ClientContext, name: string, permissions: readonly Permission[]): StoreErrorName | undefined {
    const current = this.#watches.specialPermissions(name);
    if (current === undefined) return 'EINVAL';
    const rights = rightsOf(context.client, current);
    if ((rights & (WRITE | OWN)) !== (WRITE | OWN)) return 'EACCES';
    this.#watches.setSpecialPermissions(name, permissions);
    return undefined;
  }
}
