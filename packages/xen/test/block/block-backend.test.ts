import {
  BLKIF_OP,
  BlockBackend,
  type BlockMedium,
  bufferMedium,
  diskNumber,
  JoinedWords,
  provisionConsole,
  provisionDevice,
  provisionDisk,
  provisionDomain,
  XENBUS_STATE,
  XenStore,
} from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { WireGuest } from '../store/wire-guest.js';
import { BlockFrontEnd, FakeDomain } from './front-end.js';

const FRONTEND = '/local/domain/1/device/vbd/51712';
const BACKEND = '/local/domain/0/backend/vbd/1/51712';

function rig(medium: BlockMedium = bufferMedium(new Uint8Array(16 * 512))): {
  store: XenStore;
  guest: WireGuest;
  domain: FakeDomain;
  backend: BlockBackend;
  set: (nodes: Record<string, string>) => void;
  state: () => string;
} {
  const store = new XenStore();
  provisionDomain(store, { domid: 1, name: 'guest', vcpus: 2, memoryKiB: 65_536, store: { frame: 0x39001, port: 1 } });
  const paths = provisionDisk(store, { domid: 1, name: 'xvda', readOnly: medium.readOnly });
  expect(paths).toEqual({ frontend: FRONTEND, backend: BACKEND });
  const guest = new WireGuest(store, 1);
  const domain = new FakeDomain(1);
  const backend = new BlockBackend(store, paths.backend, domain, medium);
  backend.start();
  const set = (nodes: Record<string, string>): void => {
    for (const [name, value] of Object.entries(nodes))
      expect(guest.say('WRITE', `device/vbd/51712/${name}|${value}`)).toBe('OK');
  };
  return { store, guest, domain, backend, set, state: () => guest.say('READ', `${BACKEND}/state|`) };
}

describe("a block device's back end", () => {
  it('connects a front end as a guest would do it, by its own nodes only, and serves its ring', () => {
    const disk = Uint8Array.from({ length: 16 * 512 }, (_, i) => i >> 9);
    const { guest, domain, set, state } = rig(bufferMedium(disk));
    guest.say('WATCH', `${BACKEND}/state|s|`);
    guest.takeEvents();
    expect([state(), guest.say('READ', 'device/vbd/51712/backend|')]).toEqual(['2', BACKEND]);
    const front = new BlockFrontEnd(domain.grant(8));
    set({ 'ring-ref': '8', 'event-channel': '5', protocol: 'arm-abi', state: '3' });
    expect(guest.takeEvents()).toEqual([`${BACKEND}/state s`]);
    expect(state()).toBe('4');
    const told = ['sectors', 'info', 'sector-size', 'feature-flush-cache', 'feature-barrier', 'feature-discard'];
    expect(told.map((name) => guest.say('READ', `${BACKEND}/${name}|`))).toEqual(['16', '0', '512', '1', '1', '1']);
    expect(guest.say('READ', `${BACKEND}/feature-persistent|`)).toBe('0');
    set({ state: '4' });
    const page = domain.grant(9);
    front.put({ op: BLKIF_OP.READ, id: 1n, sector: 2n, segments: [{ reference: 9, first: 0, last: 1 }] });
    expect(front.push()).toBe(true);
    domain.ports.get(5)?.();
    expect([front.answers(), domain.notified, page.bytes[0], page.bytes[512]]).toEqual([['1 0 0'], 1, 2, 3]);
    expect(guest.say('WRITE', `${BACKEND}/state|6`)).toBe('EACCES');
  });

  it('connects rings of several pages', () => {
    const { domain, set, state } = rig();
    const front = new BlockFrontEnd(new JoinedWords([8, 9, 10, 11].map((reference) => domain.grant(reference))), 4);
    set({ 'ring-page-order': '2', 'ring-ref0': '8', 'ring-ref1': '9', 'ring-ref2': '10', 'ring-ref3': '11' });
    set({ 'event-channel': '5', state: '3' });
    expect([state(), domain.mapped]).toEqual(['4', 4]);
    for (let i = 0; i < 100; i++) front.put({ op: BLKIF_OP.FLUSH_DISKCACHE, id: BigInt(i) });
    front.push();
    domain.ports.get(5)?.();
    expect(front.answers().length).toBe(100);
  });

  it('says that a medium is read-only, and discards nothing there', () => {
    const { guest, domain, set } = rig(bufferMedium(new Uint8Array(512), { readOnly: true }));
    domain.grant(8);
    set({ 'ring-ref': '8', 'event-channel': '5', state: '3' });
    const told = ['info', 'mode', 'feature-discard', 'discard-granularity'];
    expect(told.map((name) => guest.say('READ', `${BACKEND}/${name}|`))).toEqual(['4', 'r', '0', 'ENOENT']);
  });

  const wrong: [string, Record<string, string>, string][] = [
    ['no event channel', { 'ring-ref': '8' }, 'reading event-channel'],
    ['no ring', { 'event-channel': '5' }, 'reading ring-ref'],
    ['a ring that is not granted', { 'event-channel': '5', 'ring-ref': '77' }, 'mapping ring-ref 77'],
    ['a ring that may only be read', { 'event-channel': '5', 'ring-ref': '9' }, 'mapping ring-ref 9'],
    ['a port that cannot be bound', { 'event-channel': '0', 'ring-ref': '8' }, 'binding port 0'],
    ['numbers that are none', { 'event-channel': '-1', 'ring-ref': '8' }, 'reading event-channel'],
    [
      'a protocol that nobody knows',
      { 'event-channel': '5', 'ring-ref': '8', protocol: 'vax' },
      'unknown protocol vax',
    ],
    [
      'a ring that is too large',
      { 'event-channel': '5', 'ring-page-order': '5' },
      'ring-page-order 5 is not one of 0 to 4',
    ],
    [
      'an order that is none',
      { 'event-channel': '5', 'ring-page-order': 'x' },
      'ring-page-order x is not one of 0 to 4',
    ],
    ['a half granted ring', { 'event-channel': '5', 'ring-page-order': '1', 'ring-ref0': '8' }, 'reading ring-ref1'],
  ];
  for (const [what, nodes, reason] of wrong) {
    it(`closes with a reason for ${what}, and keeps nothing`, () => {
      const { store, domain, set, state } = rig();
      domain.grant(8);
      domain.grant(9, false);
      set({ ...nodes, state: '3' });
      expect([state(), store.text('/local/domain/0/error/backend/vbd/1/51712/error')]).toEqual(['5', reason]);
      expect([domain.mapped, domain.ports.size]).toEqual([0, 0]);
    });
  }

  it('follows a front end that closes and comes again, and lets go of everything between', () => {
    const { domain, set, state } = rig();
    domain.grant(8);
    set({ 'ring-ref': '8', 'event-channel': '5', state: '3' });
    expect([state(), domain.mapped, domain.ports.size]).toEqual(['4', 1, 1]);
    set({ state: '5' });
    expect([state(), domain.mapped]).toEqual(['5', 1]);
    set({ state: '6' });
    expect([state(), domain.mapped, domain.ports.size]).toEqual(['6', 0, 0]);
    set({ state: '1' });
    expect(state()).toBe('2');
    set({ 'event-channel': '6', state: '3' });
    expect([state(), domain.mapped, [...domain.ports.keys()]]).toEqual(['4', 1, [6]]);
  });

  it('does not mind states that are none, and lets go when the front end vanishes', () => {
    const { store, domain, set, state } = rig();
    domain.grant(8);
    set({ 'ring-ref': '8', 'event-channel': '5', state: '3' });
    for (const each of ['7', '8', '99', '', 'x']) set({ state: each });
    expect(domain.mapped).toBe(0);
    set({ state: '3' });
    expect([state(), domain.mapped]).toEqual(['4', 1]);
    store.release(1);
    expect([domain.mapped, domain.ports.size]).toEqual([0, 0]);
  });

  it('serves nothing more of a ring that is broken, until it connects anew', () => {
    const { domain, backend, set } = rig();
    const ring = domain.grant(8);
    new BlockFrontEnd(ring);
    set({ 'ring-ref': '8', 'event-channel': '5', state: '3' });
    ring.store(0, 99);
    domain.ports.get(5)?.();
    expect(backend.halted).toBe(true);
    ring.store(0, 0);
    set({ state: '6' });
    set({ state: '3' });
    expect([backend.halted, backend.state]).toEqual([false, XENBUS_STATE.Connected]);
  });

  it('hears nothing after it is stopped', () => {
    const { domain, backend, set, state } = rig();
    domain.grant(8);
    set({ 'ring-ref': '8', 'event-channel': '5', state: '3' });
    backend.stop();
    expect(domain.mapped).toBe(0);
    set({ state: '6' });
    expect(state()).toBe('4');
  });
});

describe('provisioning', () => {
  it("writes a domain's directories as xl does, readable to it, with the few that it may write", () => {
    const store = new XenStore();
    const directory = {
      domid: 3,
      name: 'tiny',
      uuid: '11111111-2222-3333-4444-555555555555',
      vcpus: 1,
      memoryKiB: 32_768,
      store: { frame: 0x39001, port: 1 },
    };
    for (let twice = 0; twice < 2; twice++) {
      provisionDomain(store, directory);
      provisionConsole(store, 3, { frame: 0x39000, port: 2 });
    }
    const guest = new WireGuest(store, 3);
    const read = (path: string): string => guest.say('READ', `${path}|`);
    expect(
      ['name', 'domid', 'vm', 'memory/target', 'store/port', 'store/ring-ref', 'cpu/0/availability'].map(read),
    ).toEqual(['tiny', '3', '/vm/11111111-2222-3333-4444-555555555555', '32768', '1', '233473', 'online']);
    expect(['console/port', 'console/ring-ref', 'console/type', 'console/backend'].map(read)).toEqual([
      '2',
      '233472',
      'xenconsoled',
      '/local/domain/0/backend/console/3/0',
    ]);
    for (const path of ['control/feature-reboot', 'control/shutdown', 'data/x', 'console/tty']) {
      expect([path, guest.say('WRITE', `${path}|1`)]).toEqual([path, path === 'console/tty' ? 'EACCES' : 'OK']);
    }
    for (const path of ['name', 'memory/target', 'device/vbd/1/state', '/local/domain/0/backend/console/3/0/state']) {
      expect([path, guest.say('WRITE', `${path}|1`)]).toEqual([path, 'EACCES']);
    }
    expect(guest.say('GET_PERMS', '/local/domain/3|')).toBe('n0\0r3');
  });

  it('writes both ends of a device, each readable to the other, the names of one another fixed', () => {
    const store = new XenStore();
    provisionDomain(store, { domid: 1, name: 'a', vcpus: 1, memoryKiB: 1024, store: { frame: 1, port: 1 } });
    const device = {
      kind: 'vif',
      domid: 1,
      device: 0,
      frontend: { mac: '00:16:3e:00:00:01' },
      backend: { bridge: 'br0' },
    };
    const paths = provisionDevice(store, { ...device, backendDomid: 2 });
    expect(paths.backend).toBe('/local/domain/2/backend/vif/1/0');
    const [front, back] = [new WireGuest(store, 1), new WireGuest(store, 2)];
    expect(back.say('READ', `${paths.frontend}/mac|`)).toBe('00:16:3e:00:00:01');
    expect(front.say('READ', `${paths.backend}/bridge|`)).toBe('br0');
    expect(front.say('WRITE', `${paths.frontend}/backend|/elsewhere`)).toBe('EACCES');
    expect(back.say('WRITE', `${paths.backend}/state|2`)).toBe('OK');
  });

  it("numbers disks as Linux' xvd", () => {
    expect(['xvda', 'xvda1', 'xvdb', 'xvdp15', 'xvdq', 'xvdaa', 'xvda16', 'sda'].map(diskNumber)).toEqual([
      51712,
      51713,
      51728,
      51967,
      (1 << 28) | (16 << 8),
      (1 << 28) | (26 << 8),
      (1 << 28) | 16,
      Number.NaN,
    ]);
  });
});
