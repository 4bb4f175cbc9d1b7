import { RestoreError, type Saved } from '@trapline/core';
import { XenStore } from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { TestWords, WireGuest } from './wire-guest.js';

/** A store in the middle of everything: transactions open, events undelivered, half a request taken. */
function busy(): { store: XenStore; guest: WireGuest; other: WireGuest; id: number } {
  const store = new XenStore();
  const guest = new WireGuest(store, 1);
  const other = new WireGuest(store, 2);
  store.write('/local/domain/1/a', 'one');
  store.setPermissions('/local/domain/1', [{ domain: 1, access: 'r' }]);
  store.setPermissions('/local/domain/1/a', [
    { domain: 1, access: 'n' },
    { domain: 2, access: 'b' },
  ]);
  guest.say('WRITE', 'b|\xff\x80');
  guest.say('WATCH', 'a|rel|');
  guest.takeEvents();
  other.say('WATCH', '/local/domain/1|abs|');
  other.takeEvents();
  other.words.store(515, other.words.load(514) + 1024);
  guest.say('WRITE', 'b|two');
  const id = Number(guest.say('TRANSACTION_START', '|'));
  guest.say('WRITE', 'b|three', id);
  guest.say('WRITE', 'c/d|new', id);
  guest.say('READ', 'missing|', id);
  guest.say('RM', 'a|', id);
  const at = guest.words.load(513);
  const half = [13, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x62];
  for (const [i, byte] of half.entries()) guest.words.bytes[(at + i) & 1023] = byte;
  guest.words.store(513, at + half.length);
  store.events();
  store.setTarget(2, 1);
  store.shutDown(2);
  return { store, guest, other, id };
}

/** What both guests see when all goes on. */
function goOn({ store, guest, other, id }: ReturnType<typeof busy>): unknown[] {
  const seen: unknown[] = [store.usage(1), store.usage(2)];
  const at = guest.words.load(513);
  guest.words.bytes[at & 1023] = 0;
  guest.words.store(513, at + 1);
  other.words.store(514, other.words.load(515));
  store.events();
  seen.push(guest.pump().splice(0), other.takeEvents());
  seen.push(
    guest.say('READ', 'c/d|', id),
    guest.say('TRANSACTION_END', 'T|', id),
    guest.takeEvents(),
    other.takeEvents(),
  );
  const tree = (path: string): unknown[] => [
    path,
    store.text(path),
    store.permissions(path),
    store.ls(path).map((name) => tree(`${path === '/' ? '' : path}/${name}`)),
  ];
  seen.push(tree('/'), store.usage(0), store.usage(1), store.usage(2), guest.say('TRANSACTION_START', '|'));
  seen.push(guest.ask('DIRECTORY_PART', '/local/domain/1|0|').text);
  return seen;
}

describe('a saved store', () => {
  it('goes on as the one that was saved: transactions, watches, half requests and undelivered events included', () => {
    const first = busy();
    const saved: Saved = JSON.parse(JSON.stringify(first.store.save()));
    const rings = [first.guest.words.bytes.slice(), first.other.words.bytes.slice()] as const;
    const store = new XenStore();
    const second = { store, guest: new WireGuest(store, 1), other: new WireGuest(store, 2), id: first.id };
    store.write('/garbage', 'from before');
    second.guest.say('WATCH', '/garbage|x|');
    second.guest.takeEvents();
    store.restore(saved);
    second.guest.words.bytes.set(rings[0]);
    second.other.words.bytes.set(rings[1]);
    expect(store.save()).toEqual(saved);
    const expected = goOn(first);
    expect(goOn(second)).toEqual(expected);
    expect(expected[5]).toBe('EAGAIN');
  });

  it('keeps the connection of a guest that lost it lost', () => {
    const { store, guest } = busy();
    guest.words.store(513, guest.words.load(512) + 2000);
    store.events();
    const again = new XenStore();
    for (const domid of [1, 2]) again.introduce(domid, { words: new TestWords(), notify: () => undefined });
    again.restore(store.save());
    expect([again.hasFailed(1), again.hasFailed(2)]).toEqual([true, false]);
  });

  it("leaves the host's watches", () => {
    const store = new XenStore();
    const saved = store.save();
    const paths: string[] = [];
    store.watch('/x').subscribe((path) => paths.push(path));
    store.restore(saved);
    store.write('/x/y', '');
    expect(paths).toEqual(['/x', '/x/y']);
  });

  it('is taken only whole, and only where its guests are', () => {
    const { store } = busy();
    const saved = store.save();
    const lonely = new XenStore();
    expect(() => lonely.restore(saved)).toThrow(
      'xen: domain 1 talked to xenstore when it was saved: introduce it before',
    );
    const damage = (change: (state: Record<string, Saved>) => void): Saved => {
      const copy = JSON.parse(JSON.stringify(saved)) as Record<string, Saved>;
      change(copy);
      return copy;
    };
    type Parts = Record<string, Saved>[];
    const connection = (state: Record<string, Saved>): Record<string, Saved> =>
      (state.domains as unknown as Parts)[1]?.connection as unknown as Record<string, Saved>;
    const first = (state: Record<string, Saved>, name: string): Record<string, Saved> =>
      (connection(state)[name] as unknown as Parts)[0] as Record<string, Saved>;
    const bad: Saved[] = [
      null,
      [],
      'x',
      {},
      damage((state) => delete state.generation),
      damage((state) => Object.assign(state, { nodes: [] })),
      damage((state) => Object.assign((state.nodes as unknown as Parts)[0] as object, { permissions: [] })),
      damage((state) => Object.assign((state.nodes as unknown as Parts)[0] as object, { permissions: ['x1'] })),
      damage((state) => Object.assign((state.nodes as unknown as Parts)[0] as object, { children: [1] })),
      damage((state) => Object.assign(connection(state), { received: 'x'.repeat(5000) })),
      damage((state) => Object.assign(connection(state), { header: null, received: 'x'.repeat(16) })),
      damage((state) => Object.assign(connection(state), { written: 99_999 })),
      damage((state) => Object.assign(first(state, 'transactions'), { owned: [1] })),
      damage((state) =>
        Object.assign((first(state, 'transactions').accesses as unknown as Parts)[0] as object, { fire: 'x' }),
      ),
    ];
    for (const each of bad) {
      const fresh = new XenStore();
      for (const domid of [1, 2]) fresh.introduce(domid, { words: new TestWords(), notify: () => undefined });
      expect(() => fresh.restore(each)).toThrow(RestoreError);
    }
  });
});
