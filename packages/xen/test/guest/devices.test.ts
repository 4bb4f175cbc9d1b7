import { isStatus } from '@trapline/core';
import {
  type BlockFront,
  blockService,
  blockStatus,
  bufferMedium,
  type ConsoleRing,
  connectDisk,
  consoleService,
  type RingConsole,
  storeService,
  storeStatus,
  XenStore,
  type XenstoreClient,
} from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { bound, worldOf } from './world.js';

describe('xenstore over the ring', () => {
  test('a domain reads what the toolstack says of it, and the host reads what it writes', () => {
    const store = new XenStore();
    const { guests } = worldOf({ services: [storeService(store)] });
    const client = bound(guests.one).openStore() as XenstoreClient;
    expect(client.read('name').result).toBe('one');
    expect(client.write('data/answer', '42').result).toBe(true);
    expect(store.text('/local/domain/1/data/answer')).toBe('42');
    expect(client.write('name', 'two').result).toBe(storeStatus.EACCES);
  });

  test('there is none for a domain without a ring', () => {
    expect(bound(worldOf().guests.one).openStore()).toBeUndefined();
    const { guests } = worldOf({ domains: { dom0: { privileged: true }, one: { xenstore: true } } });
    expect(bound(guests.one).openStore()).toBeUndefined();
  });
});

describe('the domain’s own console', () => {
  function opened() {
    const rings: ConsoleRing[] = [];
    const { guests } = worldOf({ services: [consoleService((ring) => rings.push(ring))] });
    const printed: string[] = [];
    rings[0]?.output$.subscribe((bytes) => printed.push(new TextDecoder().decode(bytes)));
    return { console: bound(guests.one).openConsole() as RingConsole, host: rings[0] as ConsoleRing, printed };
  }

  test('prints as a stream, also more than the ring holds', () => {
    const { console, printed } = opened();
    const text = 'a line of text\n'.repeat(500);
    console.write(text).result;
    expect(printed.join('')).toBe(text);
  });

  test('reads what the host types', () => {
    const { console, host } = opened();
    expect(console.read()).toEqual(new Uint8Array());
    host.write('ls\n');
    expect(new TextDecoder().decode(console.read())).toBe('ls\n');
  });
});

describe('Xen’s own console', () => {
  test('takes long texts, and gives what is typed', () => {
    const lines: string[] = [];
    let type: (text: string) => void = () => {};
    const { guests } = worldOf({
      connect: (host) => {
        host.console$.subscribe(({ text }) => lines.push(text));
        type = (text) => host.type(text);
      },
    });
    const { console } = bound(guests.one);
    expect(console.write(`${'x'.repeat(5000)}\n`)).toBe(true);
    expect(lines.join('').replaceAll(/[^x]/g, '').length).toBe(5000);
    type('hi');
    expect(new TextDecoder().decode(console.read() as Uint8Array)).toBe('hi');
  });
});

describe('a disk', () => {
  function connected(readOnly = false) {
    const store = new XenStore();
    const bytes = Uint8Array.from({ length: 0x2_0000 }, (_, i) => i >> 9);
    const disk = blockService(store, 'xvda', () => bufferMedium(bytes, { readOnly }));
    const { guests } = worldOf({ services: [storeService(store), disk] });
    const xen = bound(guests.one);
    const client = xen.openStore() as XenstoreClient;
    const [device] = client.directory('device/vbd').result as readonly string[];
    const front = connectDisk(xen, client, device as string).result;
    if (!('sectors' in (front as object))) throw new Error(String(front));
    return { front: front as BlockFront, bytes, store, xen, device };
  }

  test('connects through the states of xenbus', () => {
    const { front, store, device } = connected();
    expect([front.sectors, front.readOnly, device]).toEqual([256, false, '51712']);
    expect(store.text('/local/domain/1/device/vbd/51712/state')).toBe('4');
    expect(store.text('/local/domain/0/backend/vbd/1/51712/state')).toBe('4');
  });

  test('reads and writes sectors, more than one request can name as well', () => {
    const { front, bytes } = connected();
    expect(front.read(3, 2).result).toEqual(bytes.slice(3 * 512, 5 * 512));
    expect(front.read(0, 200).result).toEqual(bytes.slice(0, 200 * 512));
    const text = new Uint8Array(120 * 512).fill(0x5a);
    expect(front.write(10, text).result).toBe(true);
    expect(bytes.slice(10 * 512, 130 * 512)).toEqual(text);
    expect(bytes[130 * 512]).toBe(130);
    expect(() => front.write(0, new Uint8Array(100))).toThrow(RangeError);
  });

  test('serves more requests than its ring has slots', () => {
    const { front } = connected();
    for (let i = 0; i < 100; i++) expect((front.read(i, 1).result as Uint8Array)[0]).toBe(i);
  });

  test('flushes and discards', () => {
    const { front, bytes } = connected();
    expect(front.flush().result).toBe(true);
    expect(front.discard(5, 2).result).toBe(true);
    expect(bytes.slice(5 * 512, 7 * 512).every((byte) => byte === 0)).toBe(true);
  });

  test('refuses what is beyond its end, and writes where it is readonly', () => {
    const { front } = connected(true);
    expect(front.readOnly).toBe(true);
    expect(front.read(256, 1).result).toBe(blockStatus.ERROR);
    expect(front.write(0, new Uint8Array(512)).result).toBe(blockStatus.ERROR);
    expect(isStatus(front.read(0, 1).result)).toBe(false);
  });

  test('that is not there is ENOENT', () => {
    const store = new XenStore();
    const { guests } = worldOf({ services: [storeService(store)] });
    const xen = bound(guests.one);
    expect(connectDisk(xen, xen.openStore() as XenstoreClient, 1).result).toBe(storeStatus.ENOENT);
  });
});
