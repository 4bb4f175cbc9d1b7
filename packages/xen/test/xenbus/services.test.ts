import { type GuestPhysical, isStatus, type Saved } from '@trapline/core';
import {
  BLKIF_OP,
  type BlockMedium,
  blockService,
  bufferMedium,
  type ConsoleRing,
  consoleService,
  type DomainConfig,
  decodeText,
  Network,
  netService,
  SHUTDOWN,
  storeService,
  type XenGuest,
  type XenHost,
  XenStore,
} from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { BlockFrontEnd } from '../block/front-end.js';
import { bound, RAM, type World, worldOf } from '../guest/world.js';
import { NetFrontRing } from '../net/front-end.js';
import { TestWords } from '../store/wire-guest.js';

/** Domains with all that the host can do for them. */
interface Served extends World {
  readonly store: XenStore;
  readonly host: XenHost;
  readonly consoles: ReadonlyMap<number, ConsoleRing>;
  readonly disk: Uint8Array;
}

function served(domains: Readonly<Record<string, DomainConfig>> = { one: {} }, medium?: BlockMedium): Served {
  const store = new XenStore();
  const hosts: XenHost[] = [];
  const consoles = new Map<number, ConsoleRing>();
  const disk = Uint8Array.from({ length: 64 * 512 }, (_, i) => (i * 7) & 0xff);
  const services = [
    storeService(store),
    consoleService((ring, domid) => consoles.set(domid, ring), { store }),
    blockService(store, 'xvda', () => medium ?? bufferMedium(disk)),
  ];
  const world = worldOf({ domains, services, connect: (host) => hosts.push(host) });
  return { ...world, store, host: hosts[0] as XenHost, consoles, disk };
}

/** What a call gave, which must not have failed. */
function good<T>(value: T | undefined): T {
  if (value === undefined || isStatus(value as never)) throw new Error(`failed: ${String(value)}`);
  return value;
}

/** A block device connected from inside a guest, by its driver. */
function connectDisk(guest: XenGuest): {
  front: BlockFrontEnd;
  ring: ReturnType<XenGuest['pages']['take']>;
  data: ReturnType<XenGuest['pages']['take']>;
  references: { ring: number; data: number };
  port: number;
} {
  const client = good(guest.openStore());
  const [ring, data] = [guest.pages.take(), guest.pages.take()];
  const references = {
    ring: good(guest.grants.give(0, ring.frame)) as number,
    data: good(guest.grants.give(0, data.frame)) as number,
  };
  const port = good(guest.events.allocUnbound(0)) as number;
  const front = new BlockFrontEnd(ring.words);
  for (const [name, value] of Object.entries({ 'ring-ref': references.ring, 'event-channel': port, state: 3 })) {
    expect(client.write(`device/vbd/51712/${name}`, String(value)).result).toBe(true);
  }
  return { front, ring, data, references, port };
}

describe('the host serves a guest under Xen', () => {
  it('with xenstore: the driver finds the ring by its parameters, and its directories in the store', () => {
    const { guests, store } = served();
    const client = good(bound(guests.one).openStore());
    expect(client.read('name').result).toBe('one');
    expect(client.read('memory/target').result).toBe('8192');
    expect(client.read('store/ring-ref').result).toBe(String(0x39001));
    expect(client.directory('cpu').result).toEqual(['0']);
    const seen: string[] = [];
    store.watch('/local/domain/1/data').subscribe((path) => seen.push(path));
    expect(client.write('data/hello', 'from the guest').result).toBe(true);
    expect(seen).toEqual(['/local/domain/1/data', '/local/domain/1/data/hello']);
    expect(store.text('/local/domain/1/data/hello')).toBe('from the guest');
    const heard: string[] = [];
    expect(isStatus(client.watch('control/shutdown', (event) => heard.push(event.path)).result)).toBe(false);
    store.write('/local/domain/1/control/shutdown', 'poweroff');
    client.receive();
    expect(heard).toEqual(['control/shutdown', 'control/shutdown']);
  });

  it('with several guests that see one another only as far as they may', () => {
    const { guests } = served({ one: {}, two: {} });
    const [one, two] = [guests.one, guests.two].map((guest) => good(bound(guest).openStore()));
    one?.write('data/secret', 'x').result;
    expect(String(two?.read('/local/domain/1/data/secret').result)).toContain('EACCES');
    const permissions = [{ domain: 1, access: 'n' } as const, { domain: 2, access: 'r' } as const];
    expect(one?.setPermissions('data/secret', permissions).result).toBe(true);
    expect(two?.read('/local/domain/1/data/secret').result).toBe('x');
  });

  it('with a console both ways', () => {
    const { guests, consoles } = served();
    const ring = good(consoles.get(1));
    let text = '';
    decodeText(ring.output$).subscribe((piece) => {
      text += piece;
    });
    const guest = bound(guests.one);
    const console = good(guest.openConsole());
    const long = 'grüße aus dem Gast\n'.repeat(300);
    expect(console.write(long).waiting).toBe(false);
    expect(text).toBe(long);
    ring.write('getippt');
    expect(new TextDecoder().decode(console.read())).toBe('getippt');
    expect(good(guest.openStore()).read('console/port').result).toBe('2');
  });

  it('with a disk: a front end in the guest grants pages, and the back end reads and writes them', () => {
    const { guests, store, disk } = served();
    const guest = bound(guests.one);
    const { front, data, references, port } = connectDisk(guest);
    expect(store.text('/local/domain/0/backend/vbd/1/51712/state')).toBe('4');
    const segments = [{ reference: references.data, first: 0, last: 7 }];
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
    expect(guest.grants.end(references.data)).toBe(true);
    expect(guest.grants.end(references.ring)).toBe(false);
    store.write('/local/domain/1/device/vbd/51712/state', '6');
    expect(guest.grants.end(references.ring)).toBe(true);
  });

  it('until it is destroyed: shutdown is told, then everything of it is let go', () => {
    const { guests, store, host, consoles } = served({ one: {}, two: {} });
    const guest = bound(guests.one);
    const { references, port } = connectDisk(guest);
    const client = good(guest.openStore());
    const transaction = good(client.begin().result) as number;
    client.write('data/half', 'done', transaction).result;
    const released: string[] = [];
    store.watch('@releaseDomain').subscribe((path) => released.push(path));
    const domain = good(host.domain('one'));
    domain.shutdown(SHUTDOWN.crash);
    expect([released.length, store.isIntroduced(1)]).toEqual([2, true]);
    let ended = false;
    consoles.get(1)?.output$.subscribe({ complete: () => (ended = true) });
    domain.destroy();
    expect([released.length, store.isIntroduced(1), store.usage(1), ended]).toEqual([3, false, undefined, true]);
    expect(store.has('/local/domain/0/backend/vbd/1/51712')).toBe(false);
    expect([host.domain('one'), references.ring > 0, port > 0]).toEqual([undefined, true, true]);
    expect(good(bound(guests.two).openStore()).read('name').result).toBe('two');
  });

  it('even where the host ends it in the middle of its own request', () => {
    const { guests, store, host, consoles } = served({ one: {}, two: {} });
    const guest = bound(guests.one);
    connectDisk(guest);
    const client = good(guest.openStore());
    store.watch('/local/domain/1/control/shutdown').subscribe(() => {
      if (store.text('/local/domain/1/control/shutdown') === 'now') host.domain('one')?.destroy();
    });
    expect(client.write('control/shutdown', 'now').result).toBe(true);
    expect([store.isIntroduced(1), store.usage(1), host.domain('one')]).toEqual([false, undefined, undefined]);
    expect(store.has('/local/domain/0/backend/vbd/1/51712')).toBe(false);
    expect(consoles.get(1)?.write('to nobody')).toBe(false);
    expect(good(bound(guests.two).openStore()).read('name').result).toBe('two');
  });

  it('and anew when the machine is reset', () => {
    const { machine, guests, store, consoles } = served();
    connectDisk(bound(guests.one));
    store.write('/local/domain/1/data/old', 'x');
    const before = consoles.get(1);
    machine.reset();
    expect([store.has('/local/domain/1/data/old'), consoles.get(1) === before]).toEqual([false, false]);
    const guest = bound(guests.one);
    expect(good(guest.openStore()).read('store/port').result).toBe('1');
    connectDisk(guest);
    expect(store.text('/local/domain/0/backend/vbd/1/51712/state')).toBe('4');
  });

  it('saved and restored in another machine: rings, half requests, mapped disks and waiting input go on', () => {
    const first = served();
    const guest = bound(first.guests.one);
    const { front, ring, references, port } = connectDisk(guest);
    const client = good(guest.openStore());
    client.write('data/x', 'kept').result;
    first.consoles.get(1)?.write('y'.repeat(3000));
    front.put({
      op: BLKIF_OP.READ,
      id: 77n,
      sector: 8n,
      segments: [{ reference: references.data, first: 0, last: 7 }],
    });
    front.push();
    const saved: Saved = JSON.parse(JSON.stringify(first.machine.save()));
    const second = served();
    second.machine.restore(saved);
    expect(second.machine.save()).toEqual(saved);
    expect(second.store.text('/local/domain/1/data/x')).toBe('kept');
    expect(second.consoles.get(1)?.queued).toBe(3000 - 1024);
    const page = good(second.guests.one?.ports.memory.view?.((ring.frame << 12) as GuestPhysical, 4096));
    const again = new BlockFrontEnd(new TestWords(page));
    bound(second.guests.one).calls.eventChannel.send({ port });
    expect(again.answers()).toEqual(['77 0 0']);
    expect(front.answers()).toEqual([]);
  });

  it('with a network: two guests and the host on one switch', () => {
    const store = new XenStore();
    const network = new Network();
    const { guests } = worldOf({
      domains: { one: {}, two: {} },
      services: [storeService(store), netService(store, network)],
    });
    const heard: number[] = [];
    network.join(({ bytes }) => heard.push(bytes.length));
    const ends = [guests.one, guests.two].map((each) => {
      const guest = bound(each);
      const client = good(guest.openStore());
      const pages = [0, 1, 2].map(() => guest.pages.take());
      const [tx, rx, data] = pages.map(({ frame }) => good(guest.grants.give(0, frame)) as number);
      const port = good(guest.events.allocUnbound(0)) as number;
      const nodes = { 'tx-ring-ref': tx, 'rx-ring-ref': rx, 'event-channel': port, 'request-rx-copy': 1, state: 4 };
      const rings = pages.slice(0, 2).map((page, i) => {
        const view = good(each?.ports.memory.view?.((page.frame << 12) as GuestPhysical, 4096));
        return new NetFrontRing(new TestWords(view), i === 0 ? 12 : 8);
      });
      for (const [name, value] of Object.entries(nodes)) client.write(`device/vif/0/${name}`, String(value)).result;
      return { guest, client, port, data: data as number, page: pages[2], tx: good(rings[0]), rx: good(rings[1]) };
    });
    const [one, two] = ends as [(typeof ends)[0], (typeof ends)[0]];
    expect([one, two].map(({ client }) => client.read('device/vif/0/mac').result)).toEqual([
      '00:16:3e:00:00:01',
      '00:16:3e:00:00:02',
    ]);
    two.rx.offer(two.data, 9);
    two.rx.push();
    one.page?.words.store(0, 0x0403_0201);
    one.page?.words.store(1, 0x0605_0007);
    one.tx.transmit(one.data, 0, 60);
    one.tx.push();
    one.guest.events.send(one.port);
    expect([one.tx.sent(), two.rx.received(), heard]).toEqual([['0 0'], ['9 0 0 60'], [60]]);
    expect([two.page?.words.load(0), two.page?.words.load(1)]).toEqual([0x0403_0201, 0x0605_0007]);
  });

  it("in RAM of the guest's own, where it says so", () => {
    const store = new XenStore();
    const { guests } = worldOf({ services: [storeService(store, { frame: (RAM >> 12) + 8, provision: false })] });
    const client = good(bound(guests.one).openStore());
    expect(client.domainPath(1).result).toBe('/local/domain/1');
    expect(store.has('/local/domain/1')).toBe(false);
  });

  it('by the port that Xen made for a domain with xenstore', () => {
    const store = new XenStore();
    const { guests } = worldOf({ domains: { one: { xenstore: true } }, services: [storeService(store)] });
    const guest = bound(guests.one);
    expect(guest.parameter('storeEvtchn')).toBe(1n);
    expect(good(guest.openStore()).read('store/port').result).toBe('1');
  });

  it('and says at once where it cannot', () => {
    const store = new XenStore();
    expect(() => worldOf({ services: [storeService(store, { frame: 2 ** 40 })] })).toThrow(
      'xen: one can have no page for its xenstore at frame 0x10000000000',
    );
  });
});
