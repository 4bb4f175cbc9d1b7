import { DEFAULT_QUOTAS, XenStore } from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { WireGuest } from './wire-guest.js';

function rig(quotas: Partial<typeof DEFAULT_QUOTAS> = {}): { store: XenStore; guest: WireGuest } {
  const store = new XenStore({ quotas });
  const guest = new WireGuest(store, 1);
  store.mkdir('/local/domain/1');
  store.setPermissions('/local/domain/1', [{ domain: 1, access: 'n' }]);
  return { store, guest };
}

describe('quotas', () => {
  it("are xenstored 4.17's where nothing else is said", () => {
    expect(DEFAULT_QUOTAS).toEqual({
      nodes: 1000,
      watches: 128,
      transactions: 10,
      transactionNodes: 1024,
      nodeBytes: 2048,
      permissions: 5,
      pathLength: 2048,
      outstanding: 20,
      memory: 2_621_440,
    });
  });

  it('of nodes: one more is ENOSPC, nothing of it stays, and a removed one makes room', () => {
    const { store, guest } = rig({ nodes: 4 });
    for (const name of ['a', 'b', 'c']) expect(guest.say('WRITE', `${name}\0`)).toBe('OK');
    expect(guest.say('WRITE', 'd\0')).toBe('ENOSPC');
    expect(guest.say('MKDIR', 'd/e/f\0')).toBe('ENOSPC');
    expect(store.ls('/local/domain/1')).toEqual(['a', 'b', 'c']);
    expect(guest.say('WRITE', 'a\0changed')).toBe('OK');
    expect(guest.say('RM', 'b\0')).toBe('OK');
    expect(guest.say('WRITE', 'd\0')).toBe('OK');
    expect(guest.say('WRITE', 'e/f\0')).toBe('ENOSPC');
    expect(store.usage(1)?.nodes).toBe(4);
  });

  it('of nodes hold a path that is half within them: no directory stays', () => {
    const { store, guest } = rig({ nodes: 3 });
    expect(guest.say('MKDIR', 'a/b/c\0')).toBe('ENOSPC');
    expect([store.ls('/local/domain/1'), store.usage(1)?.nodes]).toEqual([[], 1]);
  });

  it('of nodes hold transactions at their end', () => {
    const { store, guest } = rig({ nodes: 4 });
    const id = Number(guest.say('TRANSACTION_START', '\0'));
    for (const name of ['a', 'b', 'c']) expect(guest.say('WRITE', `${name}\0`, id)).toBe('OK');
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('ENOSPC');
    expect([store.ls('/local/domain/1'), store.usage(1)?.nodes]).toEqual([[], 1]);
    const smaller = Number(guest.say('TRANSACTION_START', '\0'));
    for (const name of ['a', 'b']) guest.say('WRITE', `${name}\0`, smaller);
    expect([guest.say('TRANSACTION_END', 'T\0', smaller), store.usage(1)?.nodes]).toEqual(['OK', 3]);
  });

  it('of nodes do not hold domain 0, nor the host', () => {
    const { store } = rig({ nodes: 2, nodeBytes: 64 });
    const dom0 = new WireGuest(store, 0);
    for (let i = 0; i < 10; i++) expect(dom0.say('WRITE', `/n/${i}\0${'x'.repeat(200)}`)).toBe('OK');
    for (let i = 0; i < 10; i++) store.write(`/m/${i}`, 'x'.repeat(5000));
    expect(dom0.say('READ', '/m/1\0')).toBe('E2BIG');
  });

  it('of the size of a node count its value, permissions and children with a header', () => {
    const { guest } = rig();
    const room = 2048 - 24 - 8;
    expect(guest.say('WRITE', `a\0${'x'.repeat(room - 1)}`)).toBe('OK');
    expect(guest.say('WRITE', `a\0${'x'.repeat(room)}`)).toBe('ENOSPC');
    expect(guest.say('WRITE', `b\0${'x'.repeat(room)}`)).toBe('ENOSPC');
    expect(guest.say('MKDIR', 'a/child\0')).toBe('ENOSPC');
    expect(guest.say('DIRECTORY', '\0')).toBe('EINVAL');
    expect(guest.say('DIRECTORY', '/local/domain/1\0')).toBe('a');
    const id = Number(guest.say('TRANSACTION_START', '\0'));
    expect(guest.say('WRITE', `c\0${'x'.repeat(room)}`, id)).toBe('ENOSPC');
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('ENOMEM');
  });

  it('of watches, transactions and permissions are those that xenstored lets pass', () => {
    const { guest } = rig({ watches: 3, transactions: 2, permissions: 2 });
    const watches = Array.from({ length: 5 }, (_, i) => guest.say('WATCH', `n\0${i}\0`));
    expect(watches).toEqual(['OK', 'OK', 'OK', 'OK', 'E2BIG']);
    const starts = Array.from({ length: 4 }, () => guest.say('TRANSACTION_START', '\0'));
    expect(starts).toEqual(['1', '2', '3', 'ENOSPC']);
    guest.say('WRITE', 'n\0');
    expect(guest.say('SET_PERMS', 'n\0n1\0r2\0')).toBe('OK');
    expect(guest.say('SET_PERMS', 'n\0n1\0r2\0r3\0')).toBe('ENOSPC');
  });

  it('of nodes that a transaction touches make it impossible to commit', () => {
    const { guest } = rig({ transactionNodes: 3 });
    const id = Number(guest.say('TRANSACTION_START', '\0'));
    expect(guest.say('READ', '/local/domain/1\0', id)).toBe('');
    expect(guest.say('READ', 'a\0', id)).toBe('ENOENT');
    expect(guest.say('READ', 'b\0', id)).toBe('ENOENT');
    expect(guest.say('READ', 'b\0', id)).toBe('ENOENT');
    expect(guest.say('READ', 'c\0', id)).toBe('ENOSPC');
    expect(guest.say('WRITE', 'd/e\0', id)).toBe('ENOSPC');
    expect(guest.say('RM', 'd/e\0', id)).toBe('ENOSPC');
    expect(guest.say('TRANSACTION_END', 'T\0', id)).toBe('ENOMEM');
    const wide = Number(guest.say('TRANSACTION_START', '\0'));
    for (const name of ['x/1', 'x/2', 'x/3']) guest.say('WRITE', `${name}\0`);
    expect(guest.say('RM', 'x\0', wide)).toBe('EIO');
    expect(guest.say('TRANSACTION_END', 'T\0', wide)).toBe('ENOMEM');
  });

  it('of the length of a path count what follows the directory of a domain', () => {
    const { guest } = rig();
    const long = Array.from({ length: 20 }, () => 'x'.repeat(99)).join('/');
    expect(guest.say('READ', `${long}/${'y'.repeat(48)}\0`)).toBe('ENOENT');
    expect(guest.say('READ', `${long}/${'y'.repeat(49)}\0`)).toBe('EINVAL');
    expect(guest.say('READ', `/${long}/${'y'.repeat(48)}\0`)).toBe('EINVAL');
  });

  it('of memory are given back to the last byte', () => {
    const { store, guest } = rig();
    const before = store.usage(1);
    guest.say('WATCH', 'n\0token\0');
    guest.say('WRITE', 'n/m\0value');
    guest.say('SET_PERMS', 'n/m\0r1\0b2\0');
    const id = Number(guest.say('TRANSACTION_START', '\0'));
    guest.say('WRITE', 'n/o\0value', id);
    guest.say('RM', 'n/m\0', id);
    expect(store.usage(1)?.memory).toBeGreaterThan((before?.memory ?? 0) + 200);
    guest.say('TRANSACTION_END', 'T\0', id);
    guest.say('RM', 'n\0');
    guest.say('UNWATCH', 'n\0token\0');
    guest.takeEvents();
    expect(store.usage(1)).toEqual(before);
  });

  it('of memory: growth is refused', () => {
    const { store, guest } = rig({ memory: 1000 });
    expect(guest.say('WRITE', `a|${'x'.repeat(400)}`)).toBe('OK');
    expect(guest.say('WRITE', `b|${'x'.repeat(600)}`)).toBe('EIO');
    expect(guest.say('WATCH', `n|${'t'.repeat(600)}|`)).toBe('ENOMEM');
    expect(guest.say('READ', 'a|').length).toBe(400);
    expect(guest.say('WRITE', `c|${'x'.repeat(100)}`)).toBe('OK');
    expect(guest.say('READ', 'a|')).toBe('ENOMEM');
    expect(store.usage(1)?.memory).toBeLessThan(1000);
    const many = Array.from({ length: 60 }, (_, i) => ({ domain: i + 1, access: 'r' }) as const);
    expect(() => store.setPermissions('/local/domain/1/a', many)).toThrow('EIO');
    expect(store.permissions('/local/domain/1/a').length).toBe(1);
    const id = Number(guest.say('TRANSACTION_START', '|'));
    expect(guest.say('WRITE', `c|${'x'.repeat(300)}`, id)).toBe('EIO');
    expect(guest.say('TRANSACTION_END', 'T|', id)).toBe('ENOMEM');
  });

  it('of memory: beyond it nothing more is taken from the domain, until it begins anew', () => {
    const { store, guest } = rig({ memory: 1000 });
    guest.say('WRITE', `a|${'x'.repeat(400)}`);
    const starts = [1, 2].map(() => Number(guest.say('TRANSACTION_START', '|')));
    for (const id of starts) expect(guest.say('GET_PERMS', 'a|', id)).toBe('n1');
    expect(store.usage(1)?.memory).toBeGreaterThan(1000);
    expect(() => guest.say('GET_DOMAIN_PATH', '1|')).toThrow('no answer');
    guest.words.store(517, 1);
    store.events();
    expect(store.usage(1)?.memory).toBeLessThan(1000);
    expect(guest.say('GET_DOMAIN_PATH', '1|')).toBe('/local/domain/1');
  });

  it('of requests in flight: a client whose answers nobody takes is not heard, and loses nothing', () => {
    const { store, guest } = rig();
    store.write('/local/domain/1/big', 'x'.repeat(1000));
    store.setPermissions('/local/domain/1/big', [{ domain: 1, access: 'n' }]);
    const ids: number[] = [];
    const header = (id: number): Uint8Array => {
      const bytes = new Uint8Array(20);
      new DataView(bytes.buffer).setUint32(0, 2, true);
      new DataView(bytes.buffer).setUint32(4, id, true);
      new DataView(bytes.buffer).setUint32(12, 4, true);
      bytes.set(
        Uint8Array.from('big\0', (char) => char.charCodeAt(0)),
        16,
      );
      return bytes;
    };
    const producer = guest.words.load(513);
    for (let i = 0; i < 40; i++) {
      const bytes = header(1000 + i);
      for (let at = 0; at < 20; at++) guest.words.bytes[(producer + i * 20 + at) % 1024] = bytes[at] as number;
      ids.push(1000 + i);
    }
    guest.words.store(513, producer + 800);
    store.events();
    expect(store.usage(1)?.outstanding).toBe(20);
    expect((guest.words.load(513) - guest.words.load(512)) >>> 0).toBeGreaterThan(300);
    expect(guest.pump().map((reply) => reply.request)).toEqual(ids);
    expect(store.usage(1)?.outstanding).toBe(0);
  });

  it('of requests count until the events that they caused are delivered to others', () => {
    const { store, guest } = rig({ outstanding: 3 });
    store.setPermissions('/local/domain/1', [{ domain: 1, access: 'r' }]);
    const sleeper = new WireGuest(store, 2);
    sleeper.say('WATCH', '/local/domain/1\0t\0');
    sleeper.takeEvents();
    sleeper.words.store(515, sleeper.words.load(514) + 1024);
    for (const name of ['a', 'b', 'c']) expect(guest.say('WRITE', `${name}\0`)).toBe('OK');
    expect(store.usage(1)?.outstanding).toBe(3);
    expect(() => guest.say('WRITE', 'd\0')).toThrow('no answer');
    sleeper.words.store(514, sleeper.words.load(515));
    store.events();
    expect(sleeper.takeEvents().length).toBe(4);
    expect(guest.pump().map((reply) => reply.text)).toEqual(['OK\0']);
    expect(store.usage(1)?.outstanding).toBe(0);
  });
});
