import type { Saved } from '@trapline/core';
import type { SavedState } from '../domain/saved-state.js';
import { bytesToText, textToBytes } from '../rings/text.js';
import type { StoreClient } from './client.js';
import type { ConnectionState, StoreConnection } from './connection.js';
import type { StoreEngine } from './engine.js';
import { MESSAGE_HEADER_BYTES, MESSAGE_PAYLOAD_MAX } from './messages.js';
import type { Outgoing, PendingRequest } from './outbox.js';
import { MAX, readNode, readPermissions, saveNode, savePermissions } from './saved-node.js';
import { type Access, Transaction } from './transaction.js';

const FIRE: readonly Access['fire'][] = ['none', 'exact', 'subtree'];

/** Requests on their way, by number: answers and events refer to the same ones. */
export type Requests = PendingRequest[];

/** A connection with its watches, transactions and messages on their way; the requests these are about are numbered. */
export function saveConnection(connection: StoreConnection, requests: Requests): Saved {
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
      ({ bytes, key, answers, cause, deadline }): Saved => ({
        bytes: bytesToText(bytes),
        key,
        answers: number(answers),
        cause: number(cause),
        deadline: deadline === undefined ? null : String(deadline),
      }),
    ),
  };
}

/** Takes one back, into a connection that is new or was dropped. */
export function readConnection(
  engine: StoreEngine,
  connection: StoreConnection,
  part: SavedState,
  requests: Requests,
): void {
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
    const deadline = each.saved('deadline') === null ? undefined : each.bigint('deadline');
    return { bytes, key: each.text('key'), answers: request(each, 'answers'), cause: request(each, 'cause'), deadline };
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
