import { RestoreError, type Saved } from '@trapline/core';
import { SavedState } from '../domain/saved-state.js';
import { bytesToText, textToBytes } from '../rings/text.js';
import type { StoreClient } from './client.js';
import type { ConnectionState, StoreConnection } from './connection.js';
import type { StoreEngine } from './engine.js';
import { MESSAGE_HEADER_BYTES, MESSAGE_PAYLOAD_MAX } from './messages.js';
import type { StoreNode } from './node.js';
import type { Outgoing, PendingRequest } from './outbox.js';
import { formatPermission, type Permission, parsePermission } from './permissions.js';
import { type Access, Transaction } from './transaction.js';
import { ownerOf } from './tree.js';

const MAX = Number.MAX_SAFE_INTEGER;
const FIRE: readonly Access['fire'][] = ['none', 'exact', 'subtree'];

/** Requests on their way, by number: answers and events refer to the same ones. */
type Requests = PendingRequest[];

/** Everything that a store keeps of its guests; the host's own watches and transactions are not among it. */
export function saveStore(engine: StoreEngine, connections: ReadonlyMap<number, StoreConnection>): Saved {
  const requests: Requests = [];
  const domains = [...engine.domains.all].map((domain): Saved => {
    const connection = connections.get(domain.id);
    const { id, generation, shutdown, ignored, outstanding } = domain;
    const saved = connection === undefined ? null : saveConnection(connection, requests);
    return { id, generation, shutdown, ignored, outstanding, connection: saved };
  });
  return {
    generation: engine.tree.generation,
    nodes: [...engine.tree.entries].map(([path, node]): Saved => ({ path, ...saveNode(node) })),
    special: [...engine.watches.special].map(
      ([name, entries]): Saved => ({ name, permissions: savePermissions(entries) }),
    ),
    domains,
    requests: requests.map(({ domid, events, answered }): Saved => ({ domid, events, answered })),
  };
}

/**
 * Takes back what {@link saveStore} gave. Who had a connection needs one now. Throws `RestoreError` for that, and for what
 * was not saved here; the store is then empty of guests' nodes, or as it was.
 */
export function restoreStore(engine: StoreEngine, connections: Map<number, StoreConnection>, saved: Saved): void {
  const state = new SavedState(saved, 'xenstore');
  const nodes = state.parts('nodes').map((part): [string, StoreNode] => [part.text('path'), readNode(part)]);
  if (!nodes.some(([path]) => path === '/')) throw new RestoreError('xen: xenstore: the root is wanted');
  const requests = state.parts('requests').map((part): PendingRequest => {
    return {
      domid: part.integer('domid', 0, MAX),
      events: part.integer('events', 0, MAX),
      answered: part.flag('answered'),
    };
  });
  const domains = state.parts('domains').map((part) => ({ part, id: part.integer('id', 0, MAX) }));
  for (const { part, id } of domains) {
    if (part.partOrNothing('connection') === undefined || connections.has(id)) continue;
    throw new RestoreError(`xen: domain ${id} talked to xenstore when it was saved: introduce it before`);
  }
  const talking = new Set(domains.filter(({ part }) => part.partOrNothing('connection')).map(({ id }) => id));
  for (const [id, connection] of connections) {
    if (talking.has(id)) {
      connection.drop();
    } else {
      connection.close();
      connections.delete(id);
    }
  }
  engine.tree.clear();
  engine.domains.clear();
  engine.tree.generation = state.integer('generation', 0, MAX);
  for (const { part, id } of domains) engine.domains.know(id).generation = part.integer('generation', 0, MAX);
  for (const [path, node] of nodes) {
    engine.tree.put(path, node, false);
    engine.domains.know(ownerOf(node)).nodes++;
  }
  for (const part of state.parts('special')) {
    engine.watches.setSpecialPermissions(part.text('name'), readPermissions(part));
  }
  for (const { part, id } of domains) {
    const domain = engine.domains.know(id);
    const connection = part.partOrNothing('connection');
    if (connection !== undefined) readConnection(engine, connections.get(id) as StoreConnection, connection, requests);
    domain.shutdown = part.flag('shutdown');
    domain.ignored = part.flag('ignored');
    domain.outstanding = part.integer('outstanding', 0, MAX);
  }
  for (const { part, id } of domains) aim(engine, id, part.partOrNothing('connection'));
}

function saveNode(node: StoreNode): { readonly [key: string]: Saved } {
  const { generation, permissions, data, children } = node;
  return { generation, permissions: savePermissions(permissions), data: bytesToText(data), children };
}

function readNode(part: SavedState): StoreNode {
  return {
    generation: part.integer('generation', 0, MAX),
    permissions: readPermissions(part),
    data: textToBytes(part.text('data')),
    children: texts(part, 'children'),
  };
}

function savePermissions(permissions: readonly Permission[]): string[] {
  return permissions.map((entry) => `${entry.void === true ? '!' : ''}${formatPermission(entry)}`);
}

function readPermissions(part: SavedState): Permission[] {
  const permissions = texts(part, 'permissions').map((text): Permission => {
    const permission = parsePermission(text.replace(/^!/, ''));
    if (permission === undefined) throw part.error(`${text} is no permission`);
    return text.startsWith('!') ? { ...permission, void: true } : permission;
  });
  if (permissions.length === 0) throw part.error('an owner is wanted');
  return permissions;
}

function saveConnection(connection: StoreConnection, requests: Requests): Saved {
  const { client, state } = connection;
  const number = (request: PendingRequest | undefined): number => {
    if (request === undefined) return -1;
    if (!requests.includes(request)) requests.push(request);
    return requests.indexOf(request);
  };
  return {
    target: client.target?.id ?? -1,
    nextTransaction: client.nextTransaction,
    watches: client.watches.map(
      ({ path, token, relativeTo }): Saved => ({ path, token, relative: relativeTo !== undefined }),
    ),
    transactions: [...client.transactions.values()].map(saveTransaction),
    header: state.header === undefined ? null : bytesToText(state.header),
    received: bytesToText(state.received),
    signal: state.signal,
    written: state.written,
    waiting: state.waiting.map(
      ({ bytes, key, answers, cause }): Saved => ({
        bytes: bytesToText(bytes),
        key,
        answers: number(answers),
        cause: number(cause),
      }),
    ),
  };
}

function readConnection(engine: StoreEngine, connection: StoreConnection, part: SavedState, requests: Requests): void {
  const { client } = connection;
  client.nextTransaction = part.integer('nextTransaction', 0, 0xffff_ffff);
  for (const each of part.parts('watches')) {
    const relativeTo = each.flag('relative') ? client.path : undefined;
    engine.watches.resume(client, { path: each.text('path'), token: each.text('token'), relativeTo });
  }
  for (const each of part.parts('transactions')) readTransaction(engine, client, each);
  const request = (each: SavedState, name: string): PendingRequest | undefined =>
    requests[each.integer(name, -1, requests.length - 1)];
  const waiting = part.parts('waiting').map((each): Outgoing => {
    const bytes = textToBytes(each.text('bytes'));
    return { bytes, key: each.text('key'), answers: request(each, 'answers'), cause: request(each, 'cause') };
  });
  connection.resume({
    ...readReceived(part),
    signal: part.flag('signal'),
    waiting,
    written: readWritten(part, waiting),
  });
}

function readReceived(part: SavedState): Pick<ConnectionState, 'header' | 'received'> {
  const received = textToBytes(part.text('received'));
  const whole = part.saved('header') === null ? undefined : textToBytes(part.text('header'));
  if (whole === undefined) {
    if (received.length >= MESSAGE_HEADER_BYTES) throw part.error('less than a header is wanted');
    return { header: undefined, received };
  }
  const length = whole.length === MESSAGE_HEADER_BYTES ? new DataView(whole.buffer).getUint32(12, true) : 0;
  if (length > MESSAGE_PAYLOAD_MAX || received.length >= length) throw part.error('part of a payload is wanted');
  return { header: whole, received };
}

function readWritten(part: SavedState, waiting: readonly Outgoing[]): number {
  return part.integer('written', 0, Math.max((waiting[0]?.bytes.length ?? 1) - 1, 0));
}

function saveTransaction(transaction: Transaction): Saved {
  const { accesses, owned, creates, failed } = transaction.state;
  return {
    id: transaction.id,
    generation: transaction.generation,
    creates,
    failed,
    owned: [...owned].map(([domid, change]): Saved => [domid, change]),
    accesses: [...accesses].map(([path, { node, generation, permissions, modified, fire }]): Saved => {
      const before = permissions === undefined ? null : { permissions: savePermissions(permissions) };
      return { path, node: node === undefined ? null : saveNode(node), generation, before, modified, fire };
    }),
  };
}

function readTransaction(engine: StoreEngine, client: StoreClient, part: SavedState): void {
  const id = part.integer('id', 1, 0xffff_ffff);
  const transaction = new Transaction(id, client, engine.tree, engine.quotas, part.integer('generation', 0, MAX));
  const accesses = part.parts('accesses').map((each): [string, Access] => {
    const node = each.partOrNothing('node');
    const before = each.partOrNothing('before');
    const fire = FIRE.find((name) => name === each.text('fire'));
    if (fire === undefined) throw each.error('none, exact or subtree is wanted');
    const access: Access = {
      node: node === undefined ? undefined : readNode(node),
      generation: each.integer('generation', -1, MAX),
      permissions: before === undefined ? undefined : readPermissions(before),
      modified: each.flag('modified'),
      fire,
    };
    return [each.text('path'), access];
  });
  const owned = part.list('owned').map((pair): [number, number] => {
    const [domid, change] = Array.isArray(pair) ? pair : [];
    if (!Number.isInteger(domid) || !Number.isInteger(change)) throw part.error('pairs of numbers are wanted');
    return [domid as number, change as number];
  });
  transaction.resume({ accesses, owned, creates: part.flag('creates'), failed: part.flag('failed') });
  client.transactions.set(id, transaction);
}

function aim(engine: StoreEngine, id: number, part: SavedState | undefined): void {
  const client = engine.domains.find(id)?.client;
  if (client === undefined || part === undefined) return;
  client.target = engine.domains.find(part.integer('target', -1, MAX))?.client;
}

function texts(part: SavedState, name: string): string[] {
  return part.list(name).map((value) => {
    if (typeof value !== 'string') throw part.error(`${name}: strings are wanted`);
    return value;
  });
}
