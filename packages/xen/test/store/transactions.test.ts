import { StoreError, TRANSACTION_ATTEMPTS, XenStore } from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { WireGuest } from './wire-guest.js';

function rig(): { store: XenStore; guest: WireGuest; begin: () => number } {
  const store = new XenStore();
  const guest = new WireGuest(store, 1);
  store.write('/local/domain/1/x', 'old');
  store.write('/local/domain/1/y', 'other');
  store.setPermissions('/local/domain/1', [{ domain: 1, access: 'n' }]);
  for (const name of ['x', 'y']) store.setPermissions(`/local/domain/1/${name}`, [{ domain: 1, access: 'n' }]);
  return { store, guest, begin: () => Number(guest.say('TRANSACTION_START', '\0')) };
}

describe('a transaction', () => {
  it('sees its own changes, and nobody else does before its end', () => {
    const { store, guest, begin } = rig();
    const id = begin();
    expect(guest.say('WRITE', 'x\0new', id)).toBe('OK');
    expect(guest.say('READ', 'x\0', id)).toBe('new');
    expect(store.text('/local/domain/1/x')).toBe('old');
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('OK');
    expect(store.text('/local/domain/1/x')).toBe('new');
  });

  it('leaves no trace when it is given up', () => {
    const { store, guest, begin } = rig();
    const before = store.usage(1);
    const id = begin();
    guest.say('WRITE', 'deep/er/node\0value', id);
    guest.say('RM', 'x\0', id);
    expect(guest.say('TRANSACTION_END', 'F\0', id)).toBe('OK');
    expect(store.text('/local/domain/1/x')).toBe('old');
    expect(store.has('/local/domain/1/deep')).toBe(false);
    expect(store.usage(1)).toEqual(before);
  });

  const rival: Record<string, (store: XenStore) => void> = {
    'writes what it read': (store) => store.write('/local/domain/1/x', 'rival'),
    'writes the same value to what it read': (store) => store.write('/local/domain/1/x', 'old'),
    'removes what it read': (store) => store.rm('/local/domain/1/x'),
    'changes the permissions of what it read': (store) =>
      store.setPermissions('/local/domain/1/x', [{ domain: 1, access: 'r' }]),
    'removes and writes again what it read': (store) => {
      store.rm('/local/domain/1/x');
      store.write('/local/domain/1/x', 'old');
    },
    'adds a child to what it read': (store) => store.write('/local/domain/1/x/child', ''),
  };
  for (const [what, change] of Object.entries(rival)) {
    it(`conflicts where another one ${what}`, () => {
      const { store, guest, begin } = rig();
      const id = begin();
      guest.say('READ', 'x\0', id);
      guest.say('WRITE', 'z\0mine', id);
      change(store);
      expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('EAGAIN');
      expect(store.has('/local/domain/1/z')).toBe(false);
    });
  }

  const harmless: Record<string, (store: XenStore) => void> = {
    'writes a node that it did not touch': (store) => store.write('/local/domain/1/y', 'rival'),
    'adds and removes a node elsewhere': (store) => {
      store.write('/elsewhere/node', '');
      store.rm('/elsewhere');
    },
    'writes below what it read, where the child was there before': (store) => store.write('/local/domain/1/x/kid', '2'),
  };
  for (const [what, change] of Object.entries(harmless)) {
    it(`does not conflict where another one ${what}`, () => {
      const { store, guest, begin } = rig();
      store.write('/local/domain/1/x/kid', '1');
      const id = begin();
      guest.say('READ', 'x\0', id);
      guest.say('WRITE', 'x\0mine', id);
      change(store);
      expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('OK');
      expect(store.text('/local/domain/1/x')).toBe('mine');
    });
  }

  it('conflicts where it looked for a node that came, and not where that went again', () => {
    const { store, guest, begin } = rig();
    const [one, other] = [begin(), begin()];
    expect(guest.say('READ', 'x/missing\0', one)).toBe('ENOENT');
    store.write('/local/domain/1/x/missing', '');
    expect(guest.say('TRANSACTION_END', 'T\0', one)).toBe('EAGAIN');
    store.rm('/local/domain/1/x/missing');
    expect(guest.say('TRANSACTION_END', 'T\0', other)).toBe('OK');
  });

  it('conflicts with another one of the same client that was faster', () => {
    const { guest, begin } = rig();
    const [one, other] = [begin(), begin()];
    for (const id of [one, other]) guest.say('WRITE', `x\0by ${id}`, id);
    expect(guest.say('TRANSACTION_END', 'T\0', other)).toBe('OK');
    expect(guest.say('TRANSACTION_END', 'T\0', one)).toBe('EAGAIN');
    expect(guest.say('READ', 'x\0')).toBe(`by ${other}`);
  });

  it('is found by its id only by its own client, and once', () => {
    const { store, guest, begin } = rig();
    const id = begin();
    const stranger = new WireGuest(store, 2);
    expect(stranger.say('TRANSACTION_END', 'T\0', id)).toBe('ENOENT');
    expect(guest.say('TRANSACTION_START', '\0', id)).toBe('EBUSY');
    expect(guest.say('TRANSACTION_END', 'X\0', id)).toBe('EINVAL');
    expect(guest.say('TRANSACTION_END', 'T', id)).toBe('EINVAL');
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('OK');
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('ENOENT');
    expect(guest.say('TRANSACTION_END', 'T\0')).toBe('ENOENT');
    expect(guest.say('READ', 'x\0', id)).toBe('ENOENT');
  });

  it('tells watches on its commit, each path once, and not what it gave up', () => {
    const { guest, begin } = rig();
    guest.say('WATCH', '/local/domain/1\0t\0');
    guest.takeEvents();
    const lost = begin();
    guest.say('WRITE', 'x\0lost', lost);
    guest.say('TRANSACTION_END', 'F\0', lost);
    expect(guest.takeEvents()).toEqual([]);
    const id = begin();
    guest.say('WRITE', 'x\0one', id);
    guest.say('WRITE', 'x\0two', id);
    guest.say('WRITE', 'new/node\0', id);
    guest.say('RM', 'y\0', id);
    expect(guest.takeEvents()).toEqual([]);
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('OK');
    expect(guest.takeEvents()).toEqual(['/local/domain/1/x t', '/local/domain/1/new/node t', '/local/domain/1/y t']);
  });

  it('of a domain that dies vanishes with all that it held', () => {
    const { store, guest, begin } = rig();
    const id = begin();
    guest.say('WRITE', 'x\0half', id);
    guest.say('WRITE', '/local/domain/1/made\0', id);
    guest.say('WATCH', 'x\0t\0');
    store.release(1);
    expect(store.usage(1)).toBeUndefined();
    expect(store.has('/local/domain/1')).toBe(false);
    new WireGuest(store, 1);
    expect(store.usage(1)).toEqual({ nodes: 0, watches: 0, transactions: 0, outstanding: 0, memory: 0 });
  });
});

describe("the host's transactions", () => {
  it('commit what their work did, as one', () => {
    const store = new XenStore();
    const seen: string[] = [];
    const result = store.transaction((view) => {
      view.write('/a/b', '1');
      view.mkdir('/a/c');
      seen.push(String(store.has('/a')));
      return view.text('/a/b');
    });
    expect([result, seen, store.ls('/a')]).toEqual(['1', ['false'], ['b', 'c']]);
  });

  it('end without a change where their work throws', () => {
    const store = new XenStore();
    expect(() =>
      store.transaction((view) => {
        view.write('/a', '1');
        view.read('/missing');
      }),
    ).toThrow(new StoreError('ENOENT', 'read', '/missing'));
    expect(store.has('/a')).toBe(false);
  });

  it('begin again after a conflict, and give up at last', () => {
    const store = new XenStore();
    store.write('/n', '0');
    let attempts = 0;
    store.transaction((view) => {
      const n = Number(view.text('/n'));
      if (attempts++ === 0) store.write('/n', '10');
      view.write('/n', String(n + 1));
    });
    expect([attempts, store.text('/n')]).toEqual([2, '11']);
    let always = 0;
    expect(() =>
      store.transaction((view) => {
        view.read('/n');
        store.write('/n', String(++always));
      }),
    ).toThrow('EAGAIN');
    expect(always).toBe(TRANSACTION_ATTEMPTS);
  });
});
