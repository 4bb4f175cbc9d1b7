import {
  NET_QUEUE_PACKETS,
  NETIF_RSP,
  NETRXF,
  NETTXF,
  NetBackend,
  Network,
  type NetworkPort,
  type Packet,
  provisionDevice,
  REQUEST_RING,
  XenStore,
} from '@trapline/xen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeDomain } from '../block/front-end.js';
import { WireGuest } from '../store/wire-guest.js';
import { NetFrontRing } from './front-end.js';

const TX_SLOT = 12;
const RX_SLOT = 8;

/** One domain on a network whose other end is the test. */
function rig(extra: Record<string, string> = {}) {
  const store = new XenStore();
  const network = new Network();
  const outside: Packet[] = [];
  const port: NetworkPort = network.join((packet) => outside.push(packet));
  const device = { kind: 'vif', domid: 1, device: 0, frontend: { mac: '00:16:3e:00:00:01' }, backend: {} };
  const paths = provisionDevice(store, device);
  const guest = new WireGuest(store, 1);
  const domain = new FakeDomain(1);
  const backend = new NetBackend(store, paths.backend, domain, network);
  backend.start();
  const set = (nodes: Record<string, string>): void => {
    for (const [name, value] of Object.entries(nodes)) {
      expect(guest.say('WRITE', `${paths.frontend}/${name}|${value}`)).toBe('OK');
    }
  };
  const tx = new NetFrontRing(domain.grant(1), TX_SLOT);
  const rx = new NetFrontRing(domain.grant(2), RX_SLOT);
  const connect = (nodes: Record<string, string> = {}): void =>
    set({
      'tx-ring-ref': '1',
      'rx-ring-ref': '2',
      'event-channel': '7',
      'request-rx-copy': '1',
      ...extra,
      ...nodes,
      state: '4',
    });
  const signal = (at = 7): void => domain.ports.get(at)?.();
  return { store, network, outside, port, paths, guest, domain, backend, set, tx, rx, connect, signal };
}

function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? 2 : (i * 13 + seed) & 0xff));
}

describe("a network device's back end", () => {
  it('says what it can, and connects', () => {
    const { guest, paths, connect, backend, domain } = rig();
    const told = ['state', 'feature-sg', 'feature-rx-copy', 'feature-split-event-channels', 'multi-queue-max-queues'];
    expect(told.map((name) => guest.say('READ', `${paths.backend}/${name}|`))).toEqual(['2', '1', '1', '1', '1']);
    connect();
    expect([backend.state, domain.mapped]).toEqual([4, 2]);
    backend.stop();
    expect([domain.mapped, domain.ports.size]).toEqual([0, 0]);
  });

  it('takes packets of one slot and of several, at any place in their pages', () => {
    const { domain, tx, connect, signal, outside } = rig();
    connect();
    const whole = bytes(3000);
    domain.grant(10).bytes.set(whole.subarray(0, 1000), 96);
    domain.grant(11).bytes.set(whole.subarray(1000, 1500), 3596);
    domain.grant(12).bytes.set(whole.subarray(1500), 0);
    tx.transmit(10, 96, 60);
    tx.transmit(10, 96, 3000, NETTXF.moreData | NETTXF.csumBlank);
    tx.transmit(11, 3596, 500, NETTXF.moreData);
    tx.transmit(12, 0, 1500);
    expect(tx.push()).toBe(true);
    signal();
    expect(outside.map((packet) => packet.checksumBlank)).toEqual([false, true]);
    expect(outside.map((packet) => packet.bytes)).toEqual([whole.slice(0, 60), whole]);
    expect([tx.sent(), domain.notified, domain.mapped]).toEqual([['0 0', '1 0', '2 0', '3 0'], 1, 2]);
  });

  const wrong: [string, (tx: NetFrontRing) => void, string[]][] = [
    ['shorter than a header', (tx) => tx.transmit(10, 0, 13), ['0 -1']],
    ['beyond its page', (tx) => tx.transmit(10, 4000, 97), ['0 -1']],
    ['of no granted page', (tx) => tx.transmit(99, 0, 60), ['0 -1']],
    [
      'whose parts are larger than the whole',
      (tx) => {
        tx.transmit(10, 0, 60, NETTXF.moreData);
        tx.transmit(10, 0, 60);
      },
      ['0 -1', '1 -1'],
    ],
    [
      'of nineteen slots',
      (tx) => {
        tx.transmit(10, 0, 4000, NETTXF.moreData);
        for (let i = 1; i < 19; i++) tx.transmit(10, 0, 10, i < 18 ? NETTXF.moreData : 0);
      },
      Array.from({ length: 19 }, (_, i) => `${i} -1`),
    ],
    [
      'to be segmented, which nobody announced',
      (tx) => {
        tx.transmit(10, 0, 60, NETTXF.extraInfo | NETTXF.moreData);
        tx.extra(1, true);
        tx.extra(4, false);
        tx.transmit(10, 0, 20);
      },
      ['0 -1', `0 ${NETIF_RSP.NULL}`, `0 ${NETIF_RSP.NULL}`, '3 -1'],
    ],
  ];
  for (const [what, put, answers] of wrong) {
    it(`answers an error to a packet ${what}, and goes on with the next`, () => {
      const { domain, tx, connect, signal, outside, backend } = rig();
      connect();
      domain.grant(10).bytes.set(bytes(4096));
      put(tx);
      tx.transmit(10, 0, 60, 0, 77);
      tx.push();
      signal();
      expect(tx.sent()).toEqual([...answers, '77 0']);
      expect([outside.length, domain.mapped, backend.halted]).toEqual([1, 2, false]);
    });
  }

  it('takes nothing more of a ring that ends within a packet, or claims more than it holds', () => {
    const breaks: ((tx: NetFrontRing) => void)[] = [
      (tx) => tx.transmit(10, 0, 60, NETTXF.moreData),
      (tx) => {
        tx.transmit(10, 0, 60, NETTXF.extraInfo);
        tx.push();
      },
      (tx) => tx.words.store(REQUEST_RING.requestProducer, 300),
    ];
    for (const [i, breakIt] of breaks.entries()) {
      const { domain, tx, connect, signal, outside, backend, set } = rig();
      connect();
      domain.grant(10).bytes.set(bytes(4096));
      breakIt(tx);
      if (i < 2) tx.push();
      signal();
      expect([backend.halted, outside.length]).toEqual([true, 0]);
      set({ state: '6' });
      expect(backend.halted).toBe(false);
    }
  });

  it('puts packets into the pages that are offered, each answer in the slot of its request', () => {
    const { domain, rx, connect, signal, port } = rig({ 'feature-sg': '1' });
    connect();
    const pages = [20, 21, 22, 23].map((reference) => domain.grant(reference));
    for (const reference of [20, 21, 22, 23]) rx.offer(reference, reference * 10);
    rx.push();
    const large = bytes(5000);
    port.send({ bytes: bytes(100), checksumBlank: true });
    port.send({ bytes: large, checksumBlank: false });
    signal();
    expect(rx.received()).toEqual([
      `200 0 ${NETRXF.csumBlank | NETRXF.dataValidated} 100`,
      `210 0 ${NETRXF.moreData} 4096`,
      '220 0 0 904',
    ]);
    expect(pages[1]?.bytes).toEqual(large.slice(0, 4096));
    expect(pages[2]?.bytes.slice(0, 904)).toEqual(large.slice(4096));
    expect([domain.mapped, domain.notified > 0]).toEqual([2, true]);
  });

  it('lets packets wait for pages, and loses those that are too many, or too large', () => {
    const { domain, rx, connect, signal, port } = rig();
    connect();
    for (let i = 0; i < NET_QUEUE_PACKETS + 10; i++) port.send({ bytes: bytes(60 + (i % 7)), checksumBlank: false });
    port.send({ bytes: bytes(4097), checksumBlank: false });
    domain.grant(20);
    let count = 0;
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 40; i++) rx.offer(20);
      rx.push();
      signal();
      count += rx.received().length;
    }
    expect(count).toBe(NET_QUEUE_PACKETS);
  });

  it('answers an error for pages that are not granted for writing', () => {
    const { domain, rx, connect, port } = rig();
    connect();
    domain.grant(20, false);
    rx.offer(20, 1);
    rx.offer(21, 2);
    rx.push();
    for (let i = 0; i < 2; i++) port.send({ bytes: bytes(60), checksumBlank: false });
    expect(rx.received()).toEqual(['1 0 0 -1', '2 0 0 -1']);
  });

  it('fills checksums in for who does not', () => {
    const { domain, rx, connect, port } = rig({ 'feature-no-csum-offload': '1' });
    connect();
    domain.grant(20);
    rx.offer(20, 1);
    rx.push();
    port.send({ bytes: bytes(60), checksumBlank: true });
    expect(rx.received()).toEqual([`1 0 ${NETRXF.dataValidated} 60`]);
  });

  it('uses separate channels where the front end names them', () => {
    const { domain, tx, set, signal, outside, port, rx } = rig();
    set({ 'tx-ring-ref': '1', 'rx-ring-ref': '2', 'request-rx-copy': '1' });
    set({ 'event-channel-tx': '8', 'event-channel-rx': '9', state: '4' });
    domain.grant(10).bytes.set(bytes(4096));
    tx.transmit(10, 0, 60);
    tx.push();
    signal(8);
    rx.offer(10);
    rx.push();
    port.send({ bytes: bytes(60), checksumBlank: false });
    expect([outside.length, tx.sent().length, rx.received().length, domain.notified]).toEqual([1, 1, 1, 2]);
  });

  const refused: [string, Record<string, string>, string][] = [
    ['request-rx-copy', { 'request-rx-copy': '0' }, 'request-rx-copy is wanted'],
    ['a ring', { 'rx-ring-ref': '55' }, 'mapping rx-ring-ref 55'],
    ['a channel', { 'event-channel': '0' }, 'binding port 0'],
  ];
  for (const [what, nodes, reason] of refused) {
    it(`closes where ${what} is missing, and keeps nothing`, () => {
      const { store, domain, connect, backend } = rig();
      connect(nodes);
      expect([backend.state, store.text('/local/domain/0/error/backend/vif/1/0/error')]).toEqual([5, reason]);
      expect([domain.mapped, domain.ports.size]).toEqual([0, 0]);
    });
  }

  it('saves the packets that wait, and goes on with both rings', () => {
    const first = rig();
    first.connect();
    first.port.send({ bytes: bytes(60), checksumBlank: false });
    const saved = JSON.parse(JSON.stringify(first.backend.save()));
    first.backend.restore(saved);
    first.domain.grant(20);
    first.rx.offer(20, 5);
    first.rx.push();
    first.signal();
    expect(first.rx.received()).toEqual(['5 0 0 60']);
    expect(rig().backend.save()).toBe(null);
    first.backend.restore(null);
    expect(first.backend.save()).toBe(null);
    for (const bad of [
      { ...saved, handles: [1] },
      { ...saved, handles: [1, 99] },
      { ...saved, scatter: 1 },
    ]) {
      expect(() => first.backend.restore(bad)).toThrow();
    }
  });

  it('survives any slots with any indices: nothing throws, nothing stays mapped', () => {
    const words = fc.array(fc.integer(), { minLength: 30, maxLength: 60 });
    fc.assert(
      fc.property(
        words,
        words,
        fc.array(fc.integer({ min: -3, max: 300 }), { maxLength: 6 }),
        (txWords, rxWords, indices) => {
          const { domain, tx, rx, connect, signal, port } = rig({ 'feature-sg': '1' });
          connect();
          for (let reference = 3; reference < 64; reference++) domain.grant(reference, reference % 2 === 0);
          for (const [i, word] of txWords.entries()) tx.words.store(16 + i, i % 3 === 0 ? word & 63 : word);
          for (const [i, word] of rxWords.entries()) rx.words.store(16 + i, i % 2 === 1 ? word & 63 : word);
          for (const index of indices) {
            tx.words.store(REQUEST_RING.requestProducer, index);
            rx.words.store(REQUEST_RING.requestProducer, index);
            port.send({ bytes: bytes(1500), checksumBlank: true });
            signal();
          }
          expect(domain.mapped).toBe(2);
        },
      ),
      { numRuns: 200 },
    );
  });
});
