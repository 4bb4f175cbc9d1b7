/**
 * What xenstore means, in the plainest words: whole maps copied, versions counted. Nothing of it is fast, and nothing of
 * it is taken from the store.
 */
export interface ModelNode {
  value: string;
  /** Owner first, as on the wire. */
  perms: string[];
  version: number;
}

export type World = Map<string, ModelNode>;

export interface ModelTransaction {
  /** The world as this transaction has seen and changed it, path by path; null: seen to be missing. */
  seen: Map<string, ModelNode | null>;
  versions: Map<string, number>;
  changed: Set<string>;
}

const MISSING = 0;

export class Model {
  world: World = new Map([
    ['/', { value: '', perms: ['n0'], version: 1 }],
    ['/tool', { value: '', perms: ['n0'], version: 2 }],
    ['/tool/xenstored', { value: '', perms: ['n0'], version: 3 }],
  ]);
  #version = 10;
  readonly transactions = new Map<string, ModelTransaction>();

  begin(key: string): void {
    this.transactions.set(key, { seen: new Map(), versions: new Map(), changed: new Set() });
  }

  end(key: string, commit: boolean): string {
    const transaction = this.transactions.get(key);
    if (transaction === undefined) return 'ENOENT';
    this.transactions.delete(key);
    if (!commit) return 'OK';
    for (const [path, version] of transaction.versions) {
      if ((this.world.get(path)?.version ?? MISSING) !== version) return 'EAGAIN';
    }
    for (const path of transaction.changed) {
      const node = transaction.seen.get(path);
      if (node === null || node === undefined) this.world.delete(path);
      else this.world.set(path, { ...node, version: ++this.#version });
    }
    return 'OK';
  }

  read(who: number, path: string, key?: string): string {
    const node = this.#allowed(who, path, 'r', key);
    return typeof node === 'string' ? node : `=${node.value}`;
  }

  perms(who: number, path: string, key?: string): string {
    const node = this.#allowed(who, path, 'r', key);
    return typeof node === 'string' ? node : `=${node.perms.join(' ')}`;
  }

  list(who: number, path: string, key?: string): string {
    const node = this.#allowed(who, path, 'r', key);
    if (typeof node === 'string') return node;
    return `=${[...this.#children(path, key)].sort().join(' ')}`;
  }

  write(who: number, path: string, value: string, key?: string): string {
    const node = this.#allowed(who, path, 'w', key);
    if (typeof node !== 'string') this.#set(path, { ...node, value }, key);
    else if (node === 'ENOENT') this.#make(who, path, value, key);
    else return node;
    return 'OK';
  }

  mkdir(who: number, path: string, key?: string): string {
    const node = this.#allowed(who, path, 'w', key);
    if (node === 'ENOENT') this.#make(who, path, '', key);
    else if (typeof node === 'string') return node;
    return 'OK';
  }

  rm(who: number, path: string, key?: string): string {
    const node = this.#allowed(who, path, 'w', key);
    if (node === 'ENOENT') return this.#look(up(path), key) === null ? 'ENOENT' : 'OK';
    if (typeof node === 'string') return node;
    if (path === '/') return 'EINVAL';
    if (this.#look(up(path), key) === null) return 'EINVAL';
    const doomed = this.#below(path, key);
    if (doomed === null) return 'EIO';
    for (const each of doomed) this.#set(each, null, key);
    return this.#unlist(path, key) ? 'OK' : 'EIO';
  }

  /** A tree, children first; null where a listed child is not to be seen. */
  #below(top: string, key?: string): string[] | null {
    if (this.#look(top, key) === null) return null;
    const found: string[] = [];
    for (const name of this.#children(top, key)) {
      const deeper = this.#below(join(top, name), key);
      if (deeper === null) return null;
      found.push(...deeper);
    }
    return [...found, top];
  }

  setPerms(who: number, path: string, perms: string[], key?: string): string {
    const node = this.#allowed(who, path, 'o', key);
    if (typeof node === 'string') return node;
    if (who !== 0 && Number((perms[0] as string).slice(1)) !== owner(node)) return 'EPERM';
    this.#set(path, { ...node, perms }, key);
    return 'OK';
  }

  #allowed(who: number, path: string, right: 'r' | 'w' | 'o', key?: string): ModelNode | string {
    const node = this.#look(path, key);
    if (node !== null && may(who, node, right)) return node;
    for (let at = path; ; ) {
      at = up(at);
      const above = this.#look(at, key);
      if (above === null) continue;
      const any = right === 'o' ? may(who, above, 'o') || may(who, above, 'w') : may(who, above, right);
      return any && node === null ? 'ENOENT' : 'EACCES';
    }
  }

  #make(who: number, path: string, value: string, key?: string): void {
    const missing: string[] = [];
    let at = path;
    while (this.#look(at, key) === null) {
      missing.unshift(at);
      at = up(at);
    }
    const base = this.#look(at, key) as ModelNode;
    const perms = who === 0 ? base.perms : [`${(base.perms[0] as string)[0]}${who}`, ...base.perms.slice(1)];
    for (const each of missing) this.#set(each, { value: each === path ? value : '', perms, version: 0 }, key);
    for (const each of missing)
      this.#listOf(key)?.set(each, missing.includes(join(each, leafBelow(each, path))) ? [leafBelow(each, path)] : []);
    this.#listOf(key)
      ?.get(at)
      ?.push(leaf(missing[0] as string));
    this.#renew(at, key);
  }

  #look(path: string, key?: string): ModelNode | null {
    const transaction = key === undefined ? undefined : this.transactions.get(key);
    if (transaction === undefined) return this.world.get(path) ?? null;
    const seen = transaction.seen.get(path);
    if (seen !== undefined) return seen;
    const node = this.world.get(path) ?? null;
    transaction.seen.set(path, node === null ? null : { ...node });
    transaction.versions.set(path, node?.version ?? MISSING);
    if (node !== null) this.#listOf(key)?.set(path, this.#children(path));
    return node;
  }

  /** The names of children that a transaction knows, of each directory since it first looked at that. */
  readonly #names = new WeakMap<ModelTransaction, Map<string, string[]>>();

  #listOf(key?: string): Map<string, string[]> | undefined {
    const transaction = key === undefined ? undefined : this.transactions.get(key);
    if (transaction === undefined) return undefined;
    const names = this.#names.get(transaction) ?? new Map<string, string[]>();
    this.#names.set(transaction, names);
    return names;
  }

  #unlist(path: string, key?: string): boolean {
    const names = this.#listOf(key)?.get(up(path));
    const at = names?.indexOf(leaf(path)) ?? 0;
    if (at < 0) return false;
    names?.splice(at, 1);
    this.#renew(up(path), key);
    return true;
  }

  #set(path: string, node: ModelNode | null, key?: string): void {
    const transaction = key === undefined ? undefined : this.transactions.get(key);
    if (transaction === undefined) {
      if (node === null) this.world.delete(path);
      else this.world.set(path, { ...node, version: ++this.#version });
      return;
    }
    transaction.seen.set(path, node);
    transaction.changed.add(path);
  }

  #renew(path: string, key?: string): void {
    this.#set(path, this.#look(path, key), key);
  }

  #children(path: string, key?: string): string[] {
    const known = this.#listOf(key);
    if (known !== undefined) return known.get(path) ?? [];
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = new Set<string>();
    for (const other of this.world.keys()) {
      const rest = other.slice(prefix.length);
      if (other.startsWith(prefix) && rest !== '' && !rest.includes('/')) names.add(rest);
    }
    return [...names];
  }
}

function owner(node: ModelNode): number {
  return Number((node.perms[0] as string).slice(1));
}

function may(who: number, node: ModelNode, right: 'r' | 'w' | 'o'): boolean {
  if (who === 0 || owner(node) === who) return true;
  if (right === 'o') return false;
  const named = node.perms.slice(1).find((perm) => Number(perm.slice(1)) === who);
  const letter = (named ?? (node.perms[0] as string))[0];
  return letter === right || letter === 'b';
}

function up(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

function leaf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function join(top: string, name: string): string {
  return top === '/' ? `/${name}` : `${top}/${name}`;
}

/** The name of the child of a directory that stands on the way to a path. */
function leafBelow(directory: string, path: string): string {
  const rest = path.slice(directory === '/' ? 1 : directory.length + 1);
  return rest.split('/')[0] as string;
}
