import { isStatus, RETURNED } from '@trapline/core';
import {
  MAX_TRANSACTION_TRIES,
  StillWaiting,
  StoreBroken,
  StoreConnection,
  type StoreEvent,
  storeStatus,
  XenStore,
  XenstoreClient,
} from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { PageWords } from '../../src/memory/page-words.js';

/** A store, and domain 1 connected to it; `answers` says whether the store runs when the guest signals. */
function connected(domain = 1, store: XenStore = new XenStore()) {
  const words = new PageWords(new Uint8Array(4096));
  const how = { answers: true, waits: 0 };
  store.write(`/local/domain/${domain}`, '');
  store.setPermissions(`/local/domain/${domain}`, [{ domain, access: 'n' }]);
  store.introduce(domain, { words, notify: () => {} });
  const connection = new StoreConnection(words, {
    notify: () => {
      if (how.answers) store.events();
    },
    *wait() {
      how.waits++;
      yield RETURNED;
    },
  });
  return { store, words, how, client: new XenstoreClient(connection) };
}

describe('requests', () => {
  test('write, read, list and remove', () => {
    const { client } = connected();
    expect(client.write('device/vbd/51712/state', '1').result).toBe(true);
    expect(client.read('device/vbd/51712/state').result).toBe('1');
    expect(client.readBytes('/local/domain/1/device/vbd/51712/state').result).toEqual(Uint8Array.of(0x31));
    expect(client.mkdir('device/vif').result).toBe(true);
    expect(client.directory('device').result).toEqual(['vbd', 'vif']);
    expect(client.rm('device/vbd').result).toBe(true);
    expect(client.directory('device').result).toEqual(['vif']);
    expect(client.domainPath(7).result).toBe('/local/domain/7');
  });

  test('errors are statuses of their own namespace', () => {
    const { client } = connected();
    expect(client.read('nothing').result).toBe(storeStatus.ENOENT);
    expect(client.write('/tool/x', 'y').result).toBe(storeStatus.EACCES);
    expect(client.read('not//a path').result).toBe(storeStatus.EINVAL);
    expect(storeStatus.ENOENT.code).toBe(-2);
  });

  test('permissions go both ways', () => {
    const { client } = connected();
    client.write('data', 'x');
    const permissions = [
      { access: 'n', domain: 1 },
      { access: 'r', domain: 2 },
    ] as const;
    expect(client.setPermissions('data', permissions).result).toBe(true);
    expect(client.permissions('data').result).toEqual(permissions);
  });

  test('values that fill the ring several times over', () => {
    const { client } = connected();
    const value = Uint8Array.from({ length: 2000 }, (_, i) => i % 251);
    expect(client.write('data', value).result).toBe(true);
    expect(client.readBytes('data').result).toEqual(value);
  });

  test('a directory that no message can hold is read in parts', () => {
    const { client, store } = connected();
    const names = Array.from({ length: 300 }, (_, i) => `child-with-a-long-name-${String(i).padStart(4, '0')}`);
    for (const name of names) store.write(`/local/domain/1/data/${name}`, '');
    expect(client.directory('/local/domain/1/data').result).toEqual(names);
  });

  test('more than a message takes is refused before it is sent', () => {
    const { client } = connected();
    expect(() => client.write('data', new Uint8Array(4096))).toThrow(RangeError);
  });
});

describe('waiting', () => {
  test('a request whose answer is not there keeps the CPU, and has its result later', () => {
    const { client, how, store } = connected();
    how.answers = false;
    const request = client.read('name');
    expect([request.waiting, how.waits]).toEqual([true, 1]);
    expect(() => request.result).toThrow(StillWaiting);
    store.events();
    expect(request.result).toBe(storeStatus.ENOENT);
  });

  test('in a guest program it gives the CPU up until then', () => {
    const { client, how, store } = connected();
    how.answers = false;
    const program = (function* () {
      yield* client.write('name', 'linux');
      return yield* client.read('name');
    })();
    let steps = 0;
    let state = program.next();
    for (; state.done !== true; state = program.next()) {
      steps++;
      store.events();
    }
    expect([state.value, steps]).toEqual(['linux', 2]);
  });

  test('answers of several requests find who asked', () => {
    const { client, how, store } = connected();
    store.write('/local/domain/1/a', 'A');
    store.write('/local/domain/1/b', 'B');
    how.answers = false;
    const a = client.read('a');
    const b = client.read('b');
    store.events();
    expect([b.result, a.result]).toEqual(['B', 'A']);
  });
});

describe('watches', () => {
  test('tell once at the beginning and at every change, by the watch’s own path', () => {
    const { client, store } = connected();
    const seen: StoreEvent[] = [];
    const token = client.watch('device', (event) => seen.push(event)).result;
    store.write('/local/domain/1/device/vbd', 'x');
    client.receive();
    expect(seen.map(({ path }) => path)).toEqual(['device', 'device/vbd']);
    expect(client.unwatch('device', token as string).result).toBe(true);
    store.write('/local/domain/1/device/vbd', 'y');
    client.receive();
    expect(seen.length).toBe(2);
  });

  test('one that is refused has no handler', () => {
    const { client } = connected();
    expect(client.watch('no//path', () => {}).result).toBe(storeStatus.EINVAL);
  });

  test('resetting ends all of them', () => {
    const { client, store } = connected();
    let count = 0;
    client.watch('a', () => count++);
    expect(client.resetWatches().result).toBe(true);
    store.write('/local/domain/1/a', 'x');
    client.receive();
    expect(count).toBe(1);
  });
});

describe('transactions', () => {
  test('are seen whole or not at all', () => {
    const { client, store } = connected();
    const transaction = client.begin().result as number;
    client.write('a', '1', transaction);
    expect(client.read('a').result).toBe(storeStatus.ENOENT);
    expect(client.end(transaction).result).toBe(true);
    expect(store.text('/local/domain/1/a')).toBe('1');
  });

  test('begin again where others came between', () => {
    const { client, store } = connected();
    store.write('/local/domain/1/count', '0');
    let tries = 0;
    const done = client.transaction(function* (transaction) {
      const old = yield* client.read('count', transaction);
      if (++tries < 3) store.write('/local/domain/1/count', String(tries * 10));
      yield* client.write('count', String(Number(old) + 1), transaction);
      return 'counted';
    });
    expect([done.result, tries]).toEqual(['counted', 3]);
    expect(client.read('count').result).toBe('21');
  });

  test('are given up where the work gives a status, and after too many tries', () => {
    const { client, store } = connected();
    const refused = client.transaction(function* (transaction) {
      yield* client.write('half', 'x', transaction);
      return yield* client.read('nothing', transaction);
    });
    expect(refused.result).toBe(storeStatus.ENOENT);
    expect(client.read('half').result).toBe(storeStatus.ENOENT);
    let tries = 0;
    const never = client.transaction(function* (transaction) {
      yield* client.directory('/local/domain/1', transaction);
      store.write(`/local/domain/1/other${tries++}`, '');
      yield* client.write('mine', 'x', transaction);
    });
    expect([never.result, tries]).toEqual([storeStatus.EAGAIN, MAX_TRANSACTION_TRIES]);
  });
});

describe('a store that breaks its protocol', () => {
  test('by indices that cannot be', () => {
    const { client, words, how } = connected();
    how.answers = false;
    const request = client.read('name');
    words.store(515, 0x7fff_ffff);
    expect(() => request.result).toThrow(StoreBroken);
  });

  test('by a payload that is too long', () => {
    const { client, words, how } = connected();
    how.answers = false;
    const request = client.read('name');
    words.store(256 + 3, 0x10_0000);
    words.store(515, 16);
    expect(() => request.result).toThrow(StoreBroken);
  });
});

test('every answer of a directory is a list or a status, whatever is in the store', () => {
  const { client } = connected();
  const answer = client.directory('/').result;
  expect(Array.isArray(answer) || isStatus(answer)).toBe(true);
});
