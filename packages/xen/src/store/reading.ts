import type { StoreClient } from './client.js';
import type { StoreErrorName } from './errors.js';
import type { StoreNode } from './node.js';
import { isValidPath, parentPath } from './paths.js';
import { type Permission, READ, rightsOf } from './permissions.js';
import type { StoreQuotas } from './quotas.js';
import type { Context, NodeTree } from './tree.js';
import { absolutePath } from './watches.js';

/** A context of a client's: every request has one. */
export interface ClientContext extends Context {
  readonly client: StoreClient;
}

/** Finds nodes for clients, with the checks that every request begins with. */
export class NodeReader {
  readonly #tree: NodeTree;
  readonly #quotas: () => StoreQuotas;

  constructor(tree: NodeTree, quotas: () => StoreQuotas) {
    this.#tree = tree;
    this.#quotas = quotas;
  }

  /**
   * The node of an absolute path, where the client has all of `rights` on it: EINVAL for no path; what is missing is
   * ENOENT, and what it may not have EACCES, only to who has one of these rights on the nearest directory that is there:
   * to others everything is EACCES. ENOSPC where the transaction may touch no more nodes.
   */
  find(context: ClientContext, path: string, rights: number): StoreNode | StoreErrorName {
    if (!isValidPath(path, this.#quotas().pathLength)) return 'EINVAL';
    const node = this.#tree.read(context, path);
    if (node === 'ENOSPC') return node;
    if (typeof node !== 'string' && (rightsOf(context.client, node.permissions) & rights) === rights) return node;
    return this.#whatMayBeSaid(context, path, rights, typeof node === 'string' ? node : 'EACCES');
  }

  /** READ: the value. */
  read(context: ClientContext, path: string): Uint8Array | StoreErrorName {
    const node = this.find(context, absolutePath(context.client, path), READ);
    return typeof node === 'string' ? node : node.data;
  }

  /** DIRECTORY: the node, of which the children are wanted, and the generation. */
  list(context: ClientContext, path: string): StoreNode | StoreErrorName {
    return this.find(context, absolutePath(context.client, path), READ);
  }

  /** GET_PERMS. */
  permissions(context: ClientContext, path: string): readonly Permission[] | StoreErrorName {
    const node = this.find(context, absolutePath(context.client, path), READ);
    return typeof node === 'string' ? node : node.permissions;
  }

  #whatMayBeSaid(context: ClientContext, path: string, rights: number, error: StoreErrorName): StoreErrorName {
    let directory = path;
    do {
      directory = parentPath(directory);
      const node = this.#tree.read(context, directory);
      if (node === 'ENOSPC') return node;
      if (typeof node !== 'string')
        return (rightsOf(context.client, node.permissions) & rights) !== 0 ? error : 'EACCES';
    } while (directory !== '/');
    return 'EACCES';
  }
}
