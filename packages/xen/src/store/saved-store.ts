import { RestoreError, type Saved } from '@trapline/core';
import { SavedState } from '../domain/saved-state.js';
import type { StoreConnection } from './connection.js';
import type { StoreEngine } from './engine.js';
import type { StoreNode } from './node.js';
import type { PendingRequest } from './outbox.js';
import { type Requests, readConnection, saveConnection } from './saved-connection.js';
import { MAX, readNode, readPermissions, saveNode, savePermissions } from './saved-node.js';
import { ownerOf } from './tree.js';

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

function aim(engine: StoreEngine, id: number, part: SavedState | undefined): void {
  const client = engine.domains.find(id)?.client;
  if (client === undefined || part === undefined) return;
  client.target = engine.domains.find(part.integer('target', -1, MAX))?.client;
}
