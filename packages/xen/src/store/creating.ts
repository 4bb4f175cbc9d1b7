import type { StoreErrorName } from './errors.js';
import type { StoreNode } from './node.js';
import { leafName, parentPath } from './paths.js';
import type { Permission } from './permissions.js';
import type { StoreQuotas } from './quotas.js';
import type { ClientContext } from './reading.js';
import { countOwned } from './transaction.js';
import type { Context, NodeTree } from './tree.js';
import type { Watches } from './watches.js';

const NO_DATA = new Uint8Array(0);

interface NewNode {
  readonly path: string;
  readonly content: Omit<StoreNode, 'generation'>;
  readonly created: boolean;
}

/** Makes nodes that are not there. */
export class NodeCreator {
  readonly #tree: NodeTree;
  readonly #watches: Watches;
  readonly #quotas: () => StoreQuotas;

  constructor(tree: NodeTree, watches: Watches, quotas: () => StoreQuotas) {
    this.#tree = tree;
    this.#watches = watches;
    this.#quotas = quotas;
  }

  /** Makes a node and its missing directories, the deepest first; on an error none of them stays. */
  create(context: ClientContext, path: string, data: Uint8Array): StoreErrorName | undefined {
    const plan = this.#plan(context, path, data);
    if (typeof plan === 'string') return plan;
    const { client, transaction } = context;
    transaction?.creates();
    for (let i = 0; i < plan.length; i++) {
      const { path: each, content, created } = plan[i] as NewNode;
      const error = this.#full(context, created) ? 'ENOSPC' : this.#tree.write(context, each, content, true);
      const counted = error === undefined && created ? this.#count(context, each, 1) : true;
      if (error === undefined && counted) continue;
      if (error === undefined) this.#tree.remove(context, each);
      for (const done of plan.slice(0, i)) {
        this.#count(context, done.path, -1);
        this.#tree.remove(context, done.path);
      }
      transaction?.fail();
      return error ?? 'ENOMEM';
    }
    this.#watches.fire({ client, transaction }, path);
    return undefined;
  }

  /** What has to be written for a new node: itself, its missing directories upwards, and the one that is there. */
  #plan(context: ClientContext, path: string, data: Uint8Array): NewNode[] | StoreErrorName {
    const missing = [path];
    let directory = parentPath(path);
    let base = this.#tree.read(context, directory);
    while (typeof base === 'string') {
      if (base !== 'ENOENT' || directory === '/') return base;
      missing.push(directory);
      directory = parentPath(directory);
      base = this.#tree.read(context, directory);
    }
    const [owner, ...others] = base.permissions as [Permission, ...Permission[]];
    const { client } = context;
    const permissions = client.privileged ? base.permissions : [{ domain: client.id, access: owner.access }, ...others];
    const plan = missing.map(
      (each, i): NewNode => ({
        path: each,
        content: {
          permissions,
          data: i === 0 ? data : NO_DATA,
          children: i === 0 ? [] : [leafName(missing[i - 1] as string)],
        },
        created: true,
      }),
    );
    const added = leafName(missing[missing.length - 1] as string);
    plan.push({ path: directory, content: { ...base, children: [...base.children, added] }, created: false });
    return plan;
  }

  #full({ client }: ClientContext, created: boolean): boolean {
    return created && client.domain !== undefined && !client.privileged && client.domain.nodes >= this.#quotas().nodes;
  }

  #count(context: Context, path: string, change: 1 | -1): boolean {
    const node = this.#tree.read(context, path);
    return typeof node === 'string' || countOwned(this.#tree, context.transaction, node, change);
  }
}
