import { type StoreClock, WATCH_EVENT_TIMEOUT_NS, XenStore } from '@trapline/xen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireGuest } from './wire-guest.js';

/** What a saved store says of its nodes and domains. */
interface Image {
  readonly nodes: readonly { path: string; permissions: string[]; data: string; children: string[] }[];
  readonly domains: readonly { id: number }[];
}

function rig(quotas: ConstructorParameters<typeof XenStore>[0] = {}, domains = 2) {
  const store = new XenStore(quotas);
  const guests = Array.from({ length: domains }, (_, i) => new WireGuest(store, i + 1));
  for (const { domid } of guests) {
    store.mkdir(`/local/domain/${domid}`);
    store.setPermissions(`/local/domain/${domid}`, [{ domain: domid, access: 'b' }]);
  }
  return { store, guests: guests as [WireGuest, WireGuest] };
}

/** Each node is its directory's child, each child is there, and all that a domain owns is counted, to the byte. */
function expectSound(store: XenStore): void {
  const { nodes, domains } = store.save() as unknown as Image;
  const byPath = new Map(nodes.map((node) => [node.path, node]));
  for (const { path, children } of nodes) {
    if (path !== '/') {
      const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 1));
      const leaf = path.slice(path.lastIndexOf('/') + 1);
      expect([path, byPath.get(parent)?.children.filter((child) => child === leaf).length]).toEqual([path, 1]);
    }
    for (const child of children) expect(byPath.has(`${path === '/' ? '' : path}/${child}`)).toBe(true);
  }
  for (const { id } of domains) {
    const own = nodes.filter(({ permissions }) => Number(permissions[0]?.slice(1)) === id);
    expect([id, store.usage(id)?.nodes]).toEqual([id, own.length]);
  }
}

describe('the classes of advisories on xenstore', () => {
  it('XSA-115: watches tell nobody of nodes that he may not read', () => {
    const { store, guests } = rig();
    guests[0].say('WATCH', '/|t|');
    guests[0].takeEvents();
    store.write('/tool/secret/deep', 'x');
    store.rm('/tool/secret');
    expect(guests[0].takeEvents()).toEqual([]);
  });

  it('XSA-322, XSA-417: who gets the number of a dead domain gets nothing of its', () => {
    const { store, guests } = rig();
    guests[0].say('WRITE', 'data/x|mine');
    guests[1].say('WRITE', 'shared|y');
    guests[1].say('SET_PERMS', 'shared|n2|b1|');
    store.release(1);
    const successor = new WireGuest(store, 1);
    expect(successor.say('READ', '/local/domain/2/shared|')).toBe('EACCES');
    expect(guests[1].say('SET_PERMS', 'shared|n2|b1|')).toBe('OK');
    expect(successor.say('READ', '/local/domain/2/shared|')).toBe('y');
    expect(successor.say('READ', 'data/x|')).not.toBe('mine');
    expectSound(store);
  });

  it('XSA-324: no event is longer than a message may be', () => {
    const { guests } = rig();
    const token = 't'.repeat(3000);
    expect(guests[0].say('WATCH', `a|${token}|`)).toBe('OK');
    guests[0].takeEvents();
    const long = `a/${'x'.repeat(1200)}`;
    expect(guests[0].say('WRITE', `${long}|`)).toBe('OK');
    expect(guests[0].say('WRITE', 'a/y|')).toBe('OK');
    expect(guests[0].takeEvents()).toEqual([`a/y ${token}`]);
  });

  it('XSA-326, XSA-416: a guest that never reads, and one that makes it events, take no more memory than they may', () => {
    const memory = 100_000;
    const { store, guests } = rig({ quotas: { memory } });
    const [busy, deaf] = guests;
    for (let i = 0; i < 100; i++) deaf.say('WATCH', `/local/domain/1|${i}|`);
    deaf.takeEvents();
    deaf.words.store(515, deaf.words.load(514) + 1024);
    for (let i = 0; i < 400; i++) store.write(`/local/domain/1/n${i}`, 'x'.repeat(100));
    for (let i = 0; i < 40; i++) busy.say('WRITE', `m${i}|${'y'.repeat(1000)}`);
    expect(store.usage(2)?.memory).toBeLessThan(memory);
    expect(store.usage(1)?.memory).toBeLessThan(memory + 4096);
    deaf.words.store(514, deaf.words.load(515));
    store.events();
    expect(deaf.takeEvents().length).toBeGreaterThan(100);
    expect(store.usage(2)).toMatchObject({ outstanding: 0 });
  });

  it('XSA-326: a guest that never reads holds up who makes it events for twenty seconds, and no longer', () => {
    let now = 1_000n;
    const timers: { time: bigint; fire: () => void }[] = [];
    const clock: StoreClock = {
      now: () => now,
      at: (time, fire) => {
        const timer = { time, fire };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    };
    const { store, guests } = rig({ quotas: { outstanding: 5 }, clock });
    const [busy, deaf] = guests;
    deaf.say('WATCH', '/local/domain/1|t|');
    deaf.takeEvents();
    deaf.words.store(515, deaf.words.load(514) + 1000);
    for (let i = 0; i < 5; i++) expect(busy.say('WRITE', `n${i}|`)).toBe('OK');
    expect(() => busy.say('WRITE', 'n5|')).toThrow('no answer');
    expect(timers.map(({ time }) => time)).toEqual([1_000n + WATCH_EVENT_TIMEOUT_NS]);
    now += WATCH_EVENT_TIMEOUT_NS - 1n;
    store.events();
    expect(store.usage(1)?.outstanding).toBe(5);
    const saved = store.save();
    now += 1n;
    timers[0]?.fire();
    expect(busy.pump().map(({ text }) => text)).toEqual(['OK\0']);
    // What is left: the event that was begun, for bytes of it are on their way, and that of the last request.
    expect(store.usage(1)?.outstanding).toBe(2);
    store.restore(saved);
    expect(store.usage(1)?.outstanding).toBe(5);
    store.events();
    expect(store.usage(1)?.outstanding).toBe(1);
  });

  it('XSA-418: the deepest tree is removed like any other', () => {
    const { store, guests } = rig({ quotas: { nodes: 10_000 } });
    const deep = Array.from({ length: 1000 }, () => 'd').join('/');
    expect(guests[0].say('MKDIR', `${deep}|`)).toBe('OK');
    expect(guests[0].say('RM', 'd|')).toBe('OK');
    expect(guests[0].say('MKDIR', `${deep}|`)).toBe('OK');
    store.release(1);
    expect(store.has('/local/domain/1')).toBe(false);
    expectSound(store);
  });

  it('XSA-419: guests that make nodes in one another leave none behind', () => {
    const { store, guests } = rig();
    const [one, two] = guests;
    one.say('SET_PERMS', '/local/domain/1|b1|');
    for (let i = 0; i < 50; i++) expect(two.say('WRITE', `/local/domain/1/n${i}/deep|x`)).toBe('OK');
    store.release(1);
    expect(store.usage(2)?.nodes).toBe(1);
    store.release(2);
    expectSound(store);
    expect(store.ls('/local/domain')).toEqual([]);
  });

  it('XSA-421: transactions side by side do not make more nodes than one after the other', () => {
    const { store, guests } = rig({ quotas: { nodes: 100 } });
    const ids = [0, 1, 2].map(() => Number(guests[0].say('TRANSACTION_START', '|')));
    for (const id of ids) {
      for (let i = 0; i < 60; i++) expect(guests[0].say('WRITE', `t${id}-${i}|`, id)).toBe('OK');
    }
    const ends = ids.map((id) => guests[0].say('TRANSACTION_END', 'T|', id));
    expect(ends).toEqual(['OK', 'ENOSPC', 'ENOSPC']);
    expect(store.usage(1)?.nodes).toBe(61);
    expectSound(store);
  });

  it('XSA-415: whatever fails by a quota leaves no orphan, and nothing counted twice', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'));
    const value = fc.nat(300).map((length) => 'v'.repeat(length));
    const step = fc.tuple(fc.nat(1), fc.nat(7), path, value, fc.nat(3));
    const quotas = { nodes: 12, nodeBytes: 200, transactionNodes: 9, memory: 4000, transactions: 2, permissions: 2 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { store, guests } = rig({ quotas });
        const open: number[][] = [[], []];
        for (const [who, what, name, data, choice] of steps) {
          const guest = guests[who as 0 | 1];
          const mine = open[who] as number[];
          const id = choice < 2 ? (mine[choice] ?? 0) : 0;
          const at = choice === 3 ? `/local/domain/${2 - who}/${name}` : name;
          if (what === 0 && mine.length < 2) {
            const started = Number(guest.say('TRANSACTION_START', '|'));
            if (started > 0) mine.push(started);
          } else if (what === 1 && id !== 0) {
            mine.splice(mine.indexOf(id), 1);
            guest.say('TRANSACTION_END', 'T|', id);
          } else if (what === 2) guest.say('RM', `${at}|`, id);
          else if (what === 3) guest.say('MKDIR', `${at}|`, id);
          else if (what === 4) guest.say('SET_PERMS', `${at}|b${who + 1}|r0|`, id);
          else if (what === 5) guest.say('READ', `${at}|`, id);
          else guest.say('WRITE', `${at}|${data}`, id);
          guest.takeEvents();
        }
        expectSound(store);
        for (const [who, guest] of guests.entries())
          for (const id of open[who] as number[]) guest.say('TRANSACTION_END', 'F|', id);
        expectSound(store);
        const counted = (store.save() as unknown as Image).nodes
          .filter(({ permissions }) => permissions[0]?.endsWith('1'))
          .reduce((sum, { path: at, permissions, data, children }) => {
            const record = 24 + 8 * permissions.length + data.length + children.join('\0').length;
            return sum + at.length + record + (children.length > 0 ? 1 : 0);
          }, 0);
        expect(store.usage(1)?.memory).toBe(counted);
        for (const domid of [1, 2]) store.release(domid);
        expectSound(store);
        expect(store.ls('/local/domain')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
