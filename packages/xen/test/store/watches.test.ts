import { XenStore } from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { WireGuest } from './wire-guest.js';

function rig(): { store: XenStore; guest: WireGuest } {
  const store = new XenStore();
  const guest = new WireGuest(store, 1);
  store.mkdir('/local/domain/1');
  store.setPermissions('/local/domain/1', [{ domain: 1, access: 'n' }]);
  return { store, guest };
}

describe('a watch', () => {
  it('tells its own path once when it begins, whether there is a node or not', () => {
    const { guest } = rig();
    expect(guest.say('WATCH', '/nowhere\0tok\0')).toBe('OK');
    expect(guest.takeEvents()).toEqual(['/nowhere tok']);
  });

  it('answers first and tells then; a change is told before its answer', () => {
    const { guest } = rig();
    guest.send('WATCH', 'a\0t\0');
    const replies = guest.pump().length;
    expect([replies, guest.takeEvents()]).toEqual([1, ['a t']]);
  });

  it('is told of its node, of all below it, and not of what stands beside or above it', () => {
    const { store, guest } = rig();
    guest.say('WATCH', '/local/domain/1/device\0t\0');
    guest.takeEvents();
    guest.say('WRITE', 'device/vif/0/state\x001');
    guest.say('WRITE', 'devices\0');
    guest.say('WRITE', 'device\0');
    store.write('/local/domain/1', '');
    expect(guest.takeEvents()).toEqual(['/local/domain/1/device/vif/0/state t', '/local/domain/1/device t']);
  });

  it('with a relative path is told relative paths', () => {
    const { store, guest } = rig();
    guest.say('WATCH', 'device\0t\0');
    guest.say('WATCH', '/\0root\0');
    guest.takeEvents();
    guest.say('WRITE', 'device/a\0');
    expect(guest.takeEvents()).toEqual(['device/a t', '/local/domain/1/device/a root']);
    guest.say('RM', 'device\0');
    expect(guest.takeEvents()).toEqual(['device t', '/local/domain/1/device root']);
    expect(store.has('/local/domain/1/device')).toBe(false);
  });

  it('on a node below one that is removed is told its own path', () => {
    const { guest } = rig();
    guest.say('WRITE', 'a/b/c\0');
    guest.say('WATCH', 'a/b\0b\0');
    guest.say('WATCH', 'a/b/none\0none\0');
    guest.takeEvents();
    guest.say('RM', 'a\0');
    expect(guest.takeEvents()).toEqual(['a/b b']);
  });

  it('is not told of what its domain may not read, unless it could before, or may read the directory', () => {
    const { store, guest } = rig();
    store.write('/secret/x', '1');
    store.write('/open/y', '1');
    store.setPermissions('/open', [{ domain: 0, access: 'r' }]);
    guest.say('WATCH', '/\0t\0');
    guest.takeEvents();
    store.write('/secret/x', '2');
    expect(guest.takeEvents()).toEqual([]);
    store.write('/open/y', '2');
    expect(guest.takeEvents()).toEqual(['/open/y t']);
    store.setPermissions('/secret/x', [
      { domain: 0, access: 'n' },
      { domain: 1, access: 'r' },
    ]);
    expect(guest.takeEvents()).toEqual(['/secret/x t']);
    store.setPermissions('/secret/x', [{ domain: 0, access: 'n' }]);
    expect(guest.takeEvents()).toEqual(['/secret/x t']);
    store.write('/secret/x', '3');
    store.rm('/secret/x');
    expect(guest.takeEvents()).toEqual([]);
  });

  it('waits with one event for several changes of one path', () => {
    const { store, guest } = rig();
    guest.say('WATCH', 'n\0t\0');
    guest.takeEvents();
    const full = new Uint8Array(1024);
    guest.words.store(515, guest.words.load(514) + full.length);
    for (let i = 0; i < 50; i++) store.write('/local/domain/1/n', String(i));
    guest.words.store(514, guest.words.load(515));
    store.events();
    expect(guest.takeEvents()).toEqual(['n t']);
  });

  it('ends by path and token, and only so', () => {
    const { guest } = rig();
    guest.say('WATCH', 'n\0t\0');
    expect(guest.say('WATCH', '/local/domain/1/n\0t\0')).toBe('EEXIST');
    expect(guest.say('WATCH', 'n\0u\0')).toBe('OK');
    expect(guest.say('UNWATCH', 'n\0v\0')).toBe('ENOENT');
    expect(guest.say('UNWATCH', '/local/domain/1/n\0t\0')).toBe('OK');
    expect(guest.say('UNWATCH', 'n\0t\0')).toBe('ENOENT');
    guest.takeEvents();
    guest.say('WRITE', 'n\0');
    expect(guest.takeEvents()).toEqual(['n u']);
    expect(guest.say('RESET_WATCHES', '\0')).toBe('OK');
    guest.say('WRITE', 'n\0');
    expect(guest.takeEvents()).toEqual([]);
  });

  it('needs a path and a token', () => {
    const { guest } = rig();
    for (const payload of ['n\0', 'n\0t', 'n\0t\0depth\0', '', '/x//y\0t\0', '/x/\0t\0', `@${'x'.repeat(2048)}\0t\0`]) {
      expect([payload, guest.say('WATCH', payload)]).toEqual([payload, 'EINVAL']);
    }
    expect(guest.say('UNWATCH', 'n\0')).toBe('EINVAL');
  });
});

describe('the special watches', () => {
  it('tell the privileged of domains that come, shut down and go', () => {
    const { store } = rig();
    const dom0 = new WireGuest(store, 0);
    dom0.say('WATCH', '@introduceDomain\0i\0');
    dom0.say('WATCH', '@releaseDomain\0r\0');
    dom0.takeEvents();
    const guest = new WireGuest(store, 2);
    expect(dom0.takeEvents()).toEqual(['@introduceDomain i']);
    store.shutDown(2);
    store.shutDown(2);
    expect(dom0.takeEvents()).toEqual(['@releaseDomain r']);
    expect(dom0.say('RESUME', '2\0')).toBe('OK');
    store.shutDown(2);
    expect(dom0.takeEvents()).toEqual(['@releaseDomain r']);
    guest.introduce();
    expect(dom0.takeEvents()).toEqual([]);
    store.release(2);
    expect(dom0.takeEvents()).toEqual(['@releaseDomain r']);
  });

  it('tell others only where they are named, and nobody of their successor', () => {
    const { store, guest } = rig();
    guest.say('WATCH', '@releaseDomain\0r\0');
    guest.takeEvents();
    new WireGuest(store, 2);
    store.release(2);
    expect(guest.takeEvents()).toEqual([]);
    expect(guest.say('SET_PERMS', '@releaseDomain\0n1\0')).toBe('EACCES');
    store.setPermissions('@releaseDomain', [
      { domain: 0, access: 'n' },
      { domain: 1, access: 'r' },
    ]);
    new WireGuest(store, 2);
    store.release(2);
    expect(guest.takeEvents()).toEqual(['@releaseDomain r']);
    store.release(1);
    const successor = new WireGuest(store, 1);
    successor.say('WATCH', '@releaseDomain\0r\0');
    successor.takeEvents();
    new WireGuest(store, 2);
    store.release(2);
    expect(successor.takeEvents()).toEqual([]);
    expect(() => store.setPermissions('@nonsense', [{ domain: 0, access: 'n' }])).toThrow('EINVAL');
  });
});

describe("the host's watches", () => {
  it('are streams that last as long as their subscription', () => {
    const store = new XenStore();
    const paths: string[] = [];
    const subscription = store.watch('/a').subscribe((path) => paths.push(path));
    store.write('/a/b', '1');
    subscription.unsubscribe();
    store.write('/a/c', '1');
    expect(paths).toEqual(['/a', '/a/b']);
  });

  it('may change the store in answer: that is told after', () => {
    const store = new XenStore();
    const paths: string[] = [];
    store.watch('/count').subscribe((path) => {
      paths.push(path);
      const count = Number(store.text('/count') ?? '0');
      if (count < 5) store.write('/count', String(count + 1));
    });
    expect([store.text('/count'), paths.length]).toEqual(['5', 6]);
  });

  it('of what is no path end in an error', () => {
    const store = new XenStore();
    const errors: string[] = [];
    store.watch('//').subscribe({ error: (error: Error) => errors.push(error.message) });
    expect(errors).toEqual(['xenstore: watch //: EINVAL']);
  });
});

describe('permissions', () => {
  it('of a domain that is gone count for no successor of its number, also after they are written again', () => {
    const { store, guest } = rig();
    store.write('/shared/x', 'old');
    new WireGuest(store, 2);
    const both = [{ domain: 0, access: 'n' } as const, { domain: 2, access: 'r' } as const];
    store.setPermissions('/shared/x', both);
    expect(new WireGuest(store, 2).say('READ', '/shared/x|')).toBe('old');
    store.release(2);
    const successor = new WireGuest(store, 2);
    expect(successor.say('READ', '/shared/x|')).toBe('EACCES');
    store.write('/shared/x', 'new');
    expect(successor.say('READ', '/shared/x|')).toBe('EACCES');
    expect(store.permissions('/shared/x')).toEqual([both[0], { ...both[1], void: true }]);
    store.setPermissions('/shared/x', both);
    expect(successor.say('READ', '/shared/x|')).toBe('new');
    expect(guest.say('READ', '/shared/x|')).toBe('EACCES');
  });

  it('given to a domain that does not exist count for nobody, and nothing can be given to it', () => {
    const store = new XenStore({ exists: (domid) => domid === 1 });
    const guest = new WireGuest(store, 1);
    store.write('/x', '');
    store.setPermissions('/x', [{ domain: 1, access: 'n' }]);
    expect(guest.say('SET_PERMS', '/x|n1|r7|')).toBe('OK');
    expect(guest.say('GET_PERMS', '/x|')).toBe('n1\0r7');
    expect(new WireGuest(store, 7).say('READ', '/x|')).toBe('EACCES');
    expect(() => store.setPermissions('/x', [{ domain: 9, access: 'n' }])).toThrow('ENOENT');
    expect(() => store.setPermissions('/x', [])).toThrow('EINVAL');
    expect(store.usage(9)).toBeUndefined();
  });

  it('of any number of domains make the store know no more than there can be', () => {
    const { store, guest } = rig();
    guest.say('WRITE', 'n|');
    expect(guest.say('SET_PERMS', 'n|n1|r32752|r4294967295|')).toBe('OK');
    expect([store.usage(32_752), store.usage(0xffff_ffff)]).toEqual([undefined, undefined]);
  });

  it('of a removed domain: its nodes go wherever they stand, with all below them', () => {
    const { store } = rig();
    for (const path of ['/a/b/c', '/a/d', '/e']) store.write(path, '');
    store.setPermissions('/a/b', [{ domain: 1, access: 'n' }]);
    store.setPermissions('/e', [{ domain: 1, access: 'n' }]);
    expect(store.usage(1)?.nodes).toBe(3);
    store.release(1);
    expect([store.ls('/a'), store.has('/e'), store.has('/local/domain/1')]).toEqual([['d'], false, false]);
  });
});
