import { isStatus } from '@trapline/core';
import {
  BLKIF_OP,
  blockService,
  bufferMedium,
  type ConsoleRing,
  consoleService,
  decodeText,
  storeService,
  type XenGuest,
  XenStore,
} from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { Domain } from '../../src/domain/domain.js';
import type { AttachedService, HostService } from '../../src/xenbus/host-service.js';
import { BlockFrontEnd } from '../block/front-end.js';
import { OPERAND, type Rig, rigOf, type Side } from '../events/rig.js';
import { bound, RAM, RAM_BYTES } from '../guest/world.js';

/** One guest, the host's side, and the driver in the guest. */
function world(members: Parameters<typeof rigOf>[0] = [{}]): Rig & { host: Domain; xen: Rig['xen'] } {
  const rig = rigOf(members, 'dummy', { memory: [{ base: RAM, size: RAM_BYTES }] });
  const host = new Domain(rig.xen, 0, 'host', { privileged: true }, undefined);
  rig.xen.add(host);
  return { ...rig, host };
}

function attach({ host, sides }: ReturnType<typeof world>, service: HostService, at = 0): AttachedService {
  return service.attach((sides[at] as Side).domain, host);
}

function driver({ sides }: Rig, at = 0): XenGuest {
  return bound((sides[at] as Side).guest);
}

/** What a call gave, which must not have failed. */
function good<T>(value: T | ReturnType<typeof isStatus> | undefined): T {
  if (value === undefined || isStatus(value)) throw new Error(`failed: ${String(value)}`);
  return value as T;
}

describe('the host serves a guest under Xen', () => {
  it('with xenstore: the driver finds the ring by its parameters, and its directories in the store', () => {
    const store = new XenStore();
    const all = world();
    const service = attach(all, storeService(store));
    const client = good(driver(all).openStore());
    expect(client.read('name').result).toBe('d0');
    expect(client.read('memory/target').result).toBe('8192');
    expect(client.read('store/ring-ref').result).toBe(String(0x39001));
    expect(client.directory('cpu').result).toEqual(['0', '1']);
    const seen: string[] = [];
    store.watch('/local/domain/1/data').subscribe((path) => seen.push(path));
    expect(client.write('data/hello', 'from the guest').result).toBe(true);
    expect([seen, store.text('/local/domain/1/data/hello')]).toEqual([
      ['/local/domain/1/data', '/local/domain/1/data/hello'],
      'from the guest',
    ]);
    const heard: string[] = [];
    client.watch('control/shutdown', (event) => heard.push(event.path)).result;
    store.write('/local/domain/1/control/shutdown', 'poweroff');
    client.receive();
    expect(heard).toEqual(['control/shutdown', 'control/shutdown']);
    service.shutDown?.();
    service.detach();
    expect([store.isIntroduced(1), store.has('/local/domain/1/data')]).toEqual([false, false]);
  });

  it('with several guests that see one another only as far as they may', () => {
    const store = new XenStore();
    const all = world([{}, {}]);
    for (const at of [0, 1]) attach(all, storeService(store), at);
    const [one, two] = [0, 1].map((at) => good(driver(all, at).openStore()));
    one?.write('data/secret', 'x').result;
    expect(String(two?.read('/local/domain/1/data/secret').result)).toContain('EACCES');
    expect(
      one?.setPermissions('data/secret', [
        { domain: 1, access: 'n' },
        { domain: 2, access: 'r' },
      ]).result,
    ).toBe(true);
    expect(two?.read('/local/domain/1/data/secret').result).toBe('x');
  });

  it('with a console both ways', () => {
    const rings: ConsoleRing[] = [];
    const store = new XenStore();
    const all = world();
    attach(all, storeService(store));
    const service = attach(
      all,
      consoleService((ring) => rings.push(ring), { store }),
    );
    const ring = rings[0] as ConsoleRing;
    let text = '';
    decodeText(ring.output$).subscribe((piece) => {
      text += piece;
    });
    const guest = driver(all);
    const console = good(guest.openConsole());
    const long = 'grüße aus dem Gast\n'.repeat(300);
    console.write(long).result;
    expect(text).toBe(long);
    ring.write('getippt');
    expect(new TextDecoder().decode(console.read())).toBe('getippt');
    expect(good(guest.openStore()).read('console/port').result).toBe('2');
    ring.write('x'.repeat(2000));
    expect([service.save?.(), ring.queued]).toEqual(['x'.repeat(976), 976]);
    service.restore?.('');
    expect(ring.queued).toBe(0);
    service.detach();
  });

  it('with a disk: a front end in the guest grants pages, and the back end reads and writes them', () => {
    const store = new XenStore();
    const disk = Uint8Array.from({ length: 64 * 512 }, (_, i) => (i * 7) & 0xff);
    const all = world();
    attach(all, storeService(store));
    const block = attach(
      all,
      blockService(store, 'xvda', () => bufferMedium(disk)),
    );
    const guest = driver(all);
    const client = good(guest.openStore());
    const home = 'device/vbd/51712';
    const [ring, data] = [guest.pages.take(), guest.pages.take()];
    const [ringReference, dataReference] = [ring, data].map((page) => good(guest.grants.give(0, page.frame) as number));
    const port = good(guest.events.allocUnbound(0) as number);
    const front = new BlockFrontEnd(ring.words);
    for (const [name, value] of Object.entries({ 'ring-ref': ringReference, 'event-channel': port, state: 3 })) {
      expect(client.write(`${home}/${name}`, String(value)).result).toBe(true);
    }
    expect(client.read('/local/domain/0/backend/vbd/1/51712/state').result).toBe('4');
    const segments = [{ reference: dataReference as number, first: 0, last: 7 }];
    front.put({ op: BLKIF_OP.READ, id: 1n, sector: 8n, segments });
    expect(front.push()).toBe(true);
    guest.events.send(port);
    expect([front.answers(), guest.events.isPending(port)]).toEqual([['1 0 0'], true]);
    for (let i = 0; i < 1024; i++) data.words.store(i, data.words.load(i) ^ -1);
    front.put({ op: BLKIF_OP.WRITE, id: 2n, sector: 0n, segments });
    front.put({ op: BLKIF_OP.READ, id: 3n, sector: 0n, segments: [{ reference: 999, first: 0, last: 0 }] });
    front.push();
    guest.events.send(port);
    expect(front.answers()).toEqual(['2 1 0', '3 0 -1']);
    expect(disk.slice(0, 4096)).toEqual(disk.slice(4096, 8192).map((byte) => byte ^ 0xff));
    expect(guest.grants.end(dataReference as number)).toBe(true);
    expect(guest.grants.end(ringReference as number)).toBe(false);
    client.write(`${home}/state`, '6').result;
    expect(guest.grants.end(ringReference as number)).toBe(true);
    block.detach();
    expect(store.has('/local/domain/0/backend/vbd/1/51712')).toBe(false);
  });

  it("in RAM of the guest's own, where it says so", () => {
    const store = new XenStore();
    const all = world();
    attach(all, storeService(store, { frame: (OPERAND >> 12) + 8, provision: false }));
    const client = good(driver(all).openStore());
    expect(client.domainPath(1).result).toBe('/local/domain/1');
    expect(store.has('/local/domain/1')).toBe(false);
  });

  it('and says at once where it cannot', () => {
    const store = new XenStore();
    const all = world();
    expect(() => attach(all, storeService(store, { frame: 2 ** 40 }))).toThrow(
      'xen: d0 can have no page for its xenstore at frame 0x10000000000',
    );
    const silo = rigOf([{}], 'silo');
    const host = new Domain(silo.xen, 9, 'host', {}, undefined);
    silo.xen.add(host);
    expect(() => storeService(store).attach((silo.sides[0] as Side).domain, host)).toThrow(
      'xen: d0 and host cannot share a xenstore',
    );
  });
});
