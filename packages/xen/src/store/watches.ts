import type { StoreClient } from './client.js';
import type { StoreErrorName } from './errors.js';
import type { StoreNode } from './node.js';
import {
  INTRODUCE_DOMAIN,
  isSpecial,
  isValidPath,
  isWithin,
  parentPath,
  RELEASE_DOMAIN,
  SPECIAL_PATH_MAX,
} from './paths.js';
import { type Permission, READ, rightsOf } from './permissions.js';
import type { StoreQuotas } from './quotas.js';
import type { Context, NodeTree } from './tree.js';

/** One watch of a client's. */
export interface Watch {
  /** Absolute, or special. */
  readonly path: string;
  /** Whatever the client gave, byte by byte; it comes with each event. */
  readonly token: string;
  /** What is left out of the paths of its events: the client watches by a relative path. */
  readonly relativeTo: string | undefined;
}

const NOBODY: readonly Permission[] = [{ domain: 0, access: 'n' }];

/** The watches of all clients, and whom a change is told. */
export class Watches {
  readonly #tree: NodeTree;
  readonly #quotas: () => StoreQuotas;
  readonly #clients: Set<StoreClient>;
  readonly #special = new Map<string, readonly Permission[]>([
    [INTRODUCE_DOMAIN, NOBODY],
    [RELEASE_DOMAIN, NOBODY],
  ]);

  constructor(tree: NodeTree, quotas: () => StoreQuotas, clients: Set<StoreClient>) {
    this.#tree = tree;
    this.#quotas = quotas;
    this.#clients = clients;
  }

  /**
   * Begins a watch: EINVAL for no path, EEXIST for the same path and token, E2BIG beyond the quota, ENOMEM beyond memory.
   * The caller then tells it once ({@link announce}), after its answer.
   */
  add(client: StoreClient, path: string, token: string): Watch | StoreErrorName {
    const special = isSpecial(path);
    const absolute = absolutePath(client, path);
    if (special ? path.length > SPECIAL_PATH_MAX : !isValidPath(absolute, this.#quotas().pathLength)) return 'EINVAL';
    if (find(client, absolute, token) >= 0) return 'EEXIST';
    const { domain } = client;
    if (domain !== undefined && !domain.privileged && domain.watches > this.#quotas().watches) return 'E2BIG';
    if (!this.#tree.domains.takeMemory(client.id, absolute.length + token.length, true)) return 'ENOMEM';
    const relative = !special && !path.startsWith('/');
    const watch: Watch = { path: absolute, token, relativeTo: relative ? client.path : undefined };
    client.watches.push(watch);
    if (domain !== undefined) domain.watches++;
    return watch;
  }

  /** Tells a new watch of its own path, whether there is such a node or not. */
  announce(client: StoreClient, watch: Watch): void {
    client.deliver(pathFor(watch, watch.path), watch.token, undefined);
  }

  /** Takes a watch that was saved. */
  resume(client: StoreClient, watch: Watch): void {
    this.#tree.domains.takeMemory(client.id, watch.path.length + watch.token.length, false);
    client.watches.push(watch);
    if (client.domain !== undefined) client.domain.watches++;
  }

  /** Ends a watch; ENOENT where there is none such. */
  remove(client: StoreClient, path: string, token: string): StoreErrorName | undefined {
    const at = find(client, absolutePath(client, path), token);
    if (at < 0) return 'ENOENT';
    const [watch] = client.watches.splice(at, 1);
    this.#forget(client, watch as Watch);
    return undefined;
  }

  removeAll(client: StoreClient): void {
    for (const watch of client.watches.splice(0)) this.#forget(client, watch);
  }

  /**
   * Tells of a change of a node, or of a special event: at once, or on commit. `exact` leaves out watches of what stands
   * above it. Told is who may read the node, or could before, or may read the directory it stands in.
   */
  fire(context: Context, path: string, node?: StoreNode, exact: boolean = false, before?: readonly Permission[]): void {
    const { client, transaction } = context;
    if (transaction !== undefined) {
      transaction.queue(path, exact);
      return;
    }
    const cause = client === undefined || client.privileged ? undefined : client.cause;
    for (const watcher of this.#clients) {
      let permitted: boolean | undefined;
      for (const watch of watcher.watches) {
        if (exact ? path !== watch.path : !isWithin(path, watch.path)) continue;
        permitted ??= this.#permitted(watcher, path, node, before);
        if (!permitted) break;
        watcher.deliver(pathFor(watch, path), watch.token, cause);
      }
    }
  }

  /** The permissions of a special event; undefined for a name that is none. */
  specialPermissions(name: string): readonly Permission[] | undefined {
    return this.#special.get(name);
  }

  /** All special events and their permissions. */
  get special(): Iterable<readonly [string, readonly Permission[]]> {
    return this.#special;
  }

  setSpecialPermissions(name: string, permissions: readonly Permission[]): void {
    this.#special.set(name, permissions);
  }

  /** A domain went: it is nobody in the special events' permissions any more. */
  forgetDomain(domid: number): void {
    for (const [name, permissions] of this.#special) {
      const [owner, ...others] = permissions as [Permission, ...Permission[]];
      const kept = others.filter((entry) => entry.domain !== domid);
      this.#special.set(name, [owner.domain === domid ? { ...owner, domain: 0 } : owner, ...kept]);
    }
  }

  #permitted(watcher: StoreClient, path: string, node?: StoreNode, before?: readonly Permission[]): boolean {
    if (isSpecial(path)) return (rightsOf(watcher, this.#special.get(path) ?? NOBODY) & READ) !== 0;
    if (before !== undefined && (rightsOf(watcher, before) & READ) !== 0) return true;
    const looker: Context = { client: watcher, transaction: undefined };
    const now = node ?? this.#tree.read(looker, path);
    if (typeof now === 'string') return false;
    if ((rightsOf(watcher, now.permissions) & READ) !== 0) return true;
    const parent = this.#tree.read(looker, parentPath(path));
    return typeof parent !== 'string' && (rightsOf(watcher, parent.permissions) & READ) !== 0;
  }

  #forget(client: StoreClient, watch: Watch): void {
    this.#tree.domains.takeMemory(client.id, -(watch.path.length + watch.token.length), false);
    if (client.domain !== undefined) client.domain.watches--;
  }
}

/** A client's path made absolute; special ones are as they are. */
export function absolutePath(client: StoreClient, path: string): string {
  return path.startsWith('/') || isSpecial(path) ? path : `${client.path}/${path}`;
}

function find(client: StoreClient, path: string, token: string): number {
  return client.watches.findIndex((watch) => watch.path === path && watch.token === token);
}

function pathFor(watch: Watch, path: string): string {
  if (watch.relativeTo === undefined) return path;
  const rest = path.slice(watch.relativeTo.length);
  return rest.startsWith('/') ? rest.slice(1) : rest;
}
