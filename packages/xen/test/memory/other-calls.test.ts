import { describe, expect, it } from 'vitest';
import { profileOf } from '../../src/profiles.js';
import { domU, FRAME, FREE, HOLE, LIST, type Party, RAM, rigOf } from './rig.js';
import { DOMID_SELF, GRANT_RESOURCE, memoryStructures, XENMAPSPACE, XENMEM_RESOURCE } from './structures.js';

const exchanged = (a: Party) =>
  memoryStructures('exchange').structure?.decode(a.take(RAM, 72)) as { nrExchanged: bigint };

describe('exchange', () => {
  const part = { extentStart: LIST, nrExtents: 1, domid: DOMID_SELF };
  const exchange = (a: Party, more: object = {}, out: object = {}, frame = FREE) => {
    a.put(LIST, new Uint8Array(BigUint64Array.of(BigInt(frame)).buffer));
    return a.call('exchange', { in: { ...part, ...more }, out: { ...part, ...more, ...out } });
  };

  it('cannot be done on ARM, and says so at the first page', () => {
    const a = domU();
    a.mark(FREE, 8);
    expect(exchange(a)).toBe(-95);
    expect([exchanged(a).nrExchanged, a.see(FREE)]).toEqual([0n, 8]);
    expect(exchange(a, {}, {}, HOLE)).toBe(-22);
    expect(exchange(a, { extentStart: 0 })).toBe(-14);
    expect(exchange(a, { nrExtents: 4 }, { nrExtents: 1, extentOrder: 2 })).toBe(-95);
    expect(exchange(a, { nrExtents: 1, extentOrder: 2 }, { nrExtents: 4, extentOrder: 0 })).toBe(-95);
  });

  it('is done where nothing is left to do', () => {
    const a = domU();
    expect(a.call('exchange', {})).toBe(0);
    expect(a.call('exchange', { in: { ...part, nrExtents: 3 }, out: { ...part, nrExtents: 3 }, nrExchanged: 3 })).toBe(
      0,
    );
    // Three extents of a chunk of four are no chunk: it begins again.
    a.put(LIST, new Uint8Array(BigUint64Array.of(BigInt(FREE)).buffer));
    const [small, large] = [
      { ...part, nrExtents: 4 },
      { ...part, nrExtents: 1, extentOrder: 2 },
    ];
    expect(a.call('exchange', { in: small, out: large, nrExchanged: 3 })).toBe(-95);
    expect(exchanged(a).nrExchanged).toBe(0n);
  });

  it('refuses lists that do not agree', () => {
    const a = domU();
    expect(exchange(a, {}, { domid: 9 })).toBe(-22);
    expect(exchange(a, {}, { nrExtents: 2 })).toBe(-22);
    expect(exchange(a, { extentOrder: 10 })).toBe(-1);
    expect(exchange(a, {}, { extentOrder: 1 })).toBe(-22);
    expect(exchange(a, { nrExtents: 2n ** 63n, extentOrder: 1 })).toBe(-22);
    expect(exchange(a, {}, { memFlags: 0x2_0100 })).toBe(-22);
    expect([exchange(a, { domid: 9 }), exchange(a, { domid: 0 })]).toEqual([-3, -3]);
    expect(a.call('exchange', { in: part, out: part, nrExchanged: 2 })).toBe(-22);
    expect([a.op(11, 0), a.op(11 | 0x40)]).toEqual([-14, -22]);
    const [, b] = rigOf([{ privileged: true }, {}]) as readonly [Party, Party];
    expect(exchange(b, { domid: 0 })).toBe(-1);
  });

  it('tells how far it came only where that can be written', () => {
    const a = domU();
    // The structure ends a page that has no successor: all but its last field is there.
    const last = (FRAME + 64) * 4096 - 64;
    expect(a.op(11, last)).toBe(-14);
  });
});

describe('acquire_resource', () => {
  const pair = () =>
    rigOf([{ privileged: true, maxGrantFrames: 4 }, { maxGrantFrames: 40 }]) as readonly [Party, Party];
  const { grantTable, ioreqServer, vmtraceBuf } = XENMEM_RESOURCE;
  const acquire = (a: Party, frames: readonly number[], more: object = {}) => {
    a.put(LIST, new Uint8Array(BigUint64Array.from(frames, BigInt).buffer));
    return a.call('acquireResource', { domid: 1, type: grantTable, nrFrames: frames.length, frameList: LIST, ...more });
  };

  it('maps the grant table of a domain, grown for it', () => {
    const [dom0, a] = pair();
    expect(acquire(dom0, [HOLE, HOLE + 1], { frame: 3 })).toBe(0);
    expect(a.add(XENMAPSPACE.grantTable, 4, HOLE)).toBe(0);
    a.mark(HOLE, 0x77);
    expect([dom0.see(HOLE), dom0.see(HOLE + 1)]).toEqual([0, 0x77]);
  });

  it('tells a resource’s size to who has no list', () => {
    const [dom0] = pair();
    const size = (more: object = {}) => {
      const result = acquire(dom0, [], { frameList: 0, ...more });
      return result === 0 ? new DataView(dom0.take(RAM + 8, 4).buffer).getUint32(0, true) : result;
    };
    expect(size()).toBe(40);
    expect(size({ id: GRANT_RESOURCE.status })).toBe(-22);
    expect(size({ id: 2 })).toBe(-22);
    expect([size({ type: ioreqServer }), size({ type: vmtraceBuf })]).toEqual([-22, -22]);
    // What it does not know has an error for a size.
    expect(size({ type: 3 })).toBe(0xffff_ffa1);
    const [later] = rigOf([{ privileged: true }, {}], { profile: 'xen-4.18' }) as readonly [Party];
    expect(acquire(later, [], { frameList: 0, type: 3 })).toBe(-22);
    expect(size({ nrFrames: 1 })).toBe(-22);
  });

  it('knows status frames where grant tables have them', () => {
    const profile = { grantVersion: 2 } as const;
    const [dom0] = rigOf([{ privileged: true }, { maxGrantFrames: 40 }], { profile: { ...xen417(), ...profile } }) as [
      Party,
    ];
    expect(acquire(dom0, [], { frameList: 0, id: GRANT_RESOURCE.status })).toBe(0);
    expect(new DataView(dom0.take(RAM + 8, 4).buffer).getUint32(0, true)).toBe(5);
    // The table is of version 1 still: it has none.
    expect(acquire(dom0, [HOLE], { id: GRANT_RESOURCE.status })).toBe(-22);
  });

  it('maps what it can, and says which kind of error came where', () => {
    const [dom0] = pair();
    expect(acquire(dom0, [HOLE], { frame: 40 })).toBe(-22);
    expect(acquire(dom0, [HOLE], { frame: 2n ** 31n })).toBe(-22);
    expect(acquire(dom0, [2 ** 36, HOLE])).toBe(-22);
    expect(acquire(dom0, [HOLE, 2 ** 36])).toBe(-5);
    expect(dom0.see(HOLE)).toBe(0);
    expect(acquire(dom0, [HOLE], { frameList: 0x1000 })).toBe(-14);
    expect(acquire(dom0, [HOLE], { type: 3 })).toBe(-95);
    expect(acquire(dom0, [HOLE], { nrFrames: 2 ** 26 })).toBe(-22);
    expect(
      acquire(
        dom0,
        Array.from({ length: 40 }, (_, i) => HOLE + i),
      ),
    ).toBe(0);
    expect([dom0.see(HOLE + 39), dom0.see(HOLE + 40)]).toEqual([0, 'hole']);
  });

  it('gives its errors in Xen’s order', () => {
    const [dom0, a] = pair();
    expect(dom0.op(28, 0)).toBe(-14);
    expect(acquire(a, [], { domid: 9, pad: 1 })).toBe(-22);
    expect(acquire(a, [], { domid: 9, frame: 2n ** 32n })).toBe(-22);
    expect(acquire(a, [HOLE], { domid: 9, frame: 2n ** 32n - 1n })).toBe(-22);
    expect([acquire(a, [], { domid: 9 }), acquire(a, [], { domid: DOMID_SELF })]).toEqual([-3, -3]);
    expect([acquire(a, []), acquire(a, [], { domid: 0 }), acquire(dom0, [], { domid: 0 })]).toEqual([-1, -1, -1]);
    acquire(dom0, [HOLE]);
    expect(dom0.op(28 | (1 << 6))).toBe(-22);
  });
});

describe('what else memory_op answers', () => {
  it('is the same for everyone and everything where ARM has nothing to say', () => {
    const a = domU();
    for (const command of [5, 8, 9, 10, 12, 13, 16, 17, 20, 21, 22, 25, 29, 40, 63]) {
      for (const pointer of [0, RAM]) expect(a.op(command, pointer)).toBe(-38);
    }
    expect([a.op(18, 0), a.op(19, 0), a.op(18 | 0x40, 0), a.op(19 | 0x40, 0)]).toEqual([0, 0, -38, -38]);
    expect(a.op(18n | (1n << 32n), 0)).toBe(0);
  });

  it('has the end of the machine’s RAM', () => {
    expect(domU().op(2, 0)).toBe(0x8_0000);
    expect(domU({ host: { maximumRamPage: 2 ** 34 } }).op(2, 0)).toBe(2 ** 34);
    expect(domU().op(2 | 0x40, 0)).toBe(-22);
  });

  it('knows no virtual nodes', () => {
    const a = domU();
    const ask = (value: object) => a.call('getVnumainfo', value);
    expect(ask({ domid: DOMID_SELF })).toBe(-95);
    expect([ask({ domid: DOMID_SELF, pad: 1 }), ask({ domid: 9 }), a.op(26, 0), a.op(26 | 0x40)]).toEqual([
      -22, -3, -14, -22,
    ]);
    const [, b] = rigOf([{ privileged: true }, {}]) as readonly [Party, Party];
    expect(b.call('getVnumainfo', { domid: 0 })).toBe(-1);
  });

  it('knows no device with memory of its own', () => {
    const a = domU();
    expect(a.call('reservedDeviceMemoryMap', { flags: 1, nrEntries: 7 })).toBe(0);
    expect(a.take(RAM + 4, 4)).toEqual(new Uint8Array(4));
    expect(a.call('reservedDeviceMemoryMap', { flags: 2 })).toBe(-22);
    expect([a.op(27, 0), a.op(27 | 0x40)]).toEqual([-14, -22]);
  });
});

function xen417() {
  return profileOf('xen-4.17');
}
