import { describe, expect, it } from 'vitest';
import { domU, FRAME, FREE, HOLE, LIST, type Party, RAM, RAM_PAGES, rigOf } from './rig.js';
import { DOMID_SELF, XENMAPSPACE } from './structures.js';

const { sharedInfo, grantTable, gmfn, gmfnRange, gmfnForeign, devMmio } = XENMAPSPACE;
/** wc_version of a fresh shared_info. */
const CLOCK = 0x430;

describe('shared_info', () => {
  it('appears at one frame at a time, RAM or not, and keeps its content', () => {
    const a = domU();
    a.mark(FREE, 0xaa);
    expect(a.add(sharedInfo, 0, FREE)).toBe(0);
    expect([a.see(FREE), a.take(FREE * 4096 + CLOCK, 4)]).toEqual([0, Uint8Array.of(2, 0, 0, 0)]);
    a.mark(FREE, 0x55);
    expect(a.add(sharedInfo, 0, FREE)).toBe(-16);
    expect(a.add(sharedInfo, 0, HOLE)).toBe(-16);
    expect(a.remove(HOLE)).toBe(-2);
    expect(a.remove(FREE)).toBe(0);
    expect(a.see(FREE)).toBe('hole');
    expect(a.add(sharedInfo, 0, HOLE)).toBe(0);
    expect(a.see(HOLE)).toBe(0x55);
  });

  it('is free for another frame when something else takes its place', () => {
    const a = domU();
    a.decrease(FREE);
    a.add(sharedInfo, 0, HOLE);
    expect(a.populate(HOLE)).toBe(1);
    expect(a.take(HOLE * 4096 + CLOCK, 1)).toEqual(Uint8Array.of(0));
    expect(a.add(sharedInfo, 0, HOLE + 1)).toBe(0);
    expect(a.add(grantTable, 0, HOLE + 1)).toBe(0);
    expect(a.add(sharedInfo, 0, HOLE + 1)).toBe(0);
    expect(a.add(grantTable, 0, HOLE)).toBe(0);
  });

  it('displaces RAM that counts for ever', () => {
    const a = domU();
    expect(a.add(sharedInfo, 0, FREE)).toBe(0);
    expect(a.current()).toBe(RAM_PAGES);
    a.remove(FREE);
    expect([a.populate(FREE), a.see(FREE), a.current()]).toEqual([0, 'hole', RAM_PAGES]);
  });

  it('has one page only', () => {
    const a = domU();
    expect(a.add(sharedInfo, 1, HOLE)).toBe(-22);
    expect(a.add(sharedInfo, 1n << 32n, HOLE)).toBe(-22);
  });

  it('is no place for operands once it has been given back, though it can be mapped again', () => {
    const a = domU();
    a.add(sharedInfo, 0, HOLE);
    expect(a.op(3, HOLE * 4096 + 0x800)).toBe(-3);
    expect(a.decrease(HOLE)).toBe(1);
    expect(a.current()).toBe(RAM_PAGES);
    expect(a.add(sharedInfo, 0, HOLE)).toBe(0);
    expect(a.op(3, HOLE * 4096 + 0x800)).toBe(-14);
    expect([a.decrease(HOLE), a.remove(HOLE)]).toEqual([0, -2]);
  });
});

describe('add_to_physmap', () => {
  it('maps frames of the grant table, which grows for them', () => {
    const a = domU();
    expect([a.add(grantTable, 0, HOLE), a.add(grantTable, 63, HOLE + 1)]).toEqual([0, 0]);
    expect([a.see(HOLE), a.see(HOLE + 1)]).toEqual([0, 0]);
    expect(a.add(grantTable, 63, HOLE + 2)).toBe(-16);
    for (const wrong of [64, 10_000, 0x8000_0000, 0xffff_ffff]) expect(a.add(grantTable, wrong, HOLE + 2)).toBe(-22);
    // The index has 32 bits.
    expect(a.add(grantTable, 1n << 32n, HOLE + 2)).toBe(-16);
  });

  it('knows no other spaces for single pages', () => {
    const a = domU();
    for (const space of [gmfn, gmfnForeign, 6, 7, 0xffff_ffff]) expect(a.add(space, 0, HOLE)).toBe(-38);
    expect(a.add(devMmio, 0x9000, HOLE)).toBe(-13);
  });

  it('moves no range but an empty one', () => {
    const a = domU();
    expect(a.add(gmfnRange, 0, HOLE)).toBe(0);
    expect(a.add(gmfnRange, 0, HOLE, DOMID_SELF, 1)).toBe(-38);
    expect(a.add(gmfnRange, 0, 2n ** 64n - 2n, DOMID_SELF, 1)).toBe(-38);
    expect(a.add(gmfnRange, 0, 2n ** 64n - 2n, DOMID_SELF, 2)).toBe(-75);
    expect(a.add(gmfnRange, 2n ** 64n - 1n, HOLE, DOMID_SELF, 1)).toBe(-75);
    // Where a range goes on must lie within it.
    expect(a.op(7 | (2 << 6))).toBe(-84);
    a.add(gmfnRange, 0, HOLE, DOMID_SELF, 2);
    expect(a.op(7 | (2 << 6))).toBe(0);
    expect(a.op(7 | (0xffff << 6))).toBe(-84);
    expect(a.op(7 | (0x1_0000 << 6))).toBe(-33);
  });

  it('maps at every address that the tables of the machine reach', () => {
    const a = domU();
    expect(a.add(sharedInfo, 0, 2 ** 32)).toBe(0);
    expect(a.remove(2 ** 32)).toBe(0);
    expect(a.add(sharedInfo, 0, 2 ** 36 - 1)).toBe(0);
    expect(a.highest()).toBe(2 ** 36 - 1);
    a.remove(2 ** 36 - 1);
    for (const beyond of [2n ** 36n, 2n ** 40n, 2n ** 63n, 2n ** 64n - 1n])
      expect(a.add(sharedInfo, 0, beyond)).toBe(-22);
  });

  it.each([
    [32, 27],
    [36, 27],
    [40, 28],
    [42, 30],
    [44, 36],
    [48, 36],
    [52, 36],
  ])('with %i bits of address reaches frames of %i bits', (physicalAddressBits, bits) => {
    const a = domU({ host: { physicalAddressBits } });
    expect(a.add(sharedInfo, 0, 2 ** bits)).toBe(-22);
    expect(a.add(sharedInfo, 0, 2 ** bits - 1)).toBe(0);
  });

  it('comes to an end for frames that are far from one another', () => {
    const a = domU();
    // One vCPU, no whole MiB of RAM: two MiB of pages, and sixteen, of which RAM's two upper tables are made. Each 2 MiB
    // of frames take one more, each GiB another.
    const region = (i: number) => 2 ** 20 + i * 2 ** 9;
    let made = 0;
    while (a.add(sharedInfo, 0, region(made)) === 0) {
      a.remove(region(made));
      made++;
    }
    expect(made).toBe(512 + 16 - 2 - 2);
    expect(a.add(sharedInfo, 0, region(made))).toBe(-2);
    expect(a.add(sharedInfo, 0, region(5) + 7)).toBe(0);
    expect([a.decrease(FREE), a.remove(FREE), a.current()]).toEqual([0, -12, RAM_PAGES]);
    expect([a.populate(2 ** 20), a.decrease(region(5) + 7)]).toEqual([0, 1]);
  });

  it('acts in others for the control domain only', () => {
    const [dom0, a, b] = rigOf([{ privileged: true }, {}, {}]) as readonly [Party, Party, Party];
    expect(a.add(sharedInfo, 0, HOLE, b.id)).toBe(-1);
    expect(a.remove(FREE, b.id)).toBe(-1);
    expect(dom0.add(sharedInfo, 0, HOLE, b.id)).toBe(0);
    expect(b.take(HOLE * 4096 + CLOCK, 1)).toEqual(Uint8Array.of(2));
    expect(dom0.remove(HOLE, b.id)).toBe(0);
    expect(b.see(HOLE)).toBe('hole');
    expect(dom0.add(devMmio, 0, HOLE, b.id)).toBe(-13);
    expect(dom0.add(sharedInfo, 0, HOLE, 9)).toBe(-3);
  });

  it('gives its errors in Xen’s order', () => {
    const a = domU();
    expect(a.op(7 | (0x1_0000 << 6), 0)).toBe(-33);
    expect(a.op(7, 0)).toBe(-14);
    expect(a.add(gmfnForeign, 0, HOLE, 9)).toBe(-38);
    expect(a.add(devMmio, 0, HOLE, 9)).toBe(-3);
    expect(a.add(77, 0, 2n ** 64n - 1n)).toBe(-22);
    expect([a.op(15, 0), a.op(15 | 0x40, 0), a.remove(HOLE, 9)]).toEqual([-14, -22, -3]);
  });
});

describe('devices of a control domain', () => {
  const dom0 = () =>
    rigOf([
      {
        privileged: true,
        devices: [
          { base: 0x900_0000, size: 0x1000 },
          { base: 0x80_0000_0000, size: 2 ** 39 },
        ],
      },
    ])[0] as Party;

  it('count for its highest frame, and are nothing that can be removed or given back', () => {
    const a = dom0();
    expect(a.highest()).toBe(0xfff_ffff);
    expect(a.remove(0x9000)).toBe(-2);
    expect(a.decrease(0x9000)).toBe(0);
    expect(a.op(3, 0x900_0000)).toBe(-14);
  });

  it('can be mapped anywhere; what it has no right to is not, and nobody says so', () => {
    const a = dom0();
    expect(a.add(devMmio, 0x9000, FREE)).toBe(0);
    expect([a.see(FREE), a.remove(FREE)]).toEqual(['hole', -2]);
    a.mark(FREE + 1, 3);
    expect(a.add(devMmio, 0x8000, FREE + 1)).toBe(0);
    expect(a.see(FREE + 1)).toBe(3);
    expect(a.populate(FREE)).toBe(1);
    expect(a.see(FREE)).toBe(0);
  });

  it('take larger extents than other domains may', () => {
    const a = rigOf([{ privileged: true }])[0] as Party;
    expect(a.extents('decreaseReservation', [2 ** 20], { extentOrder: 19 })).toBe(0);
    expect(a.call('exchange', { in: { extentOrder: 18 } })).toBe(0);
    expect(a.call('exchange', { in: { extentOrder: 19 } })).toBe(-1);
    const b = rigOf([{ devices: [{ base: 0x900_0000, size: 0x1000 }] }])[0] as Party;
    expect(b.call('exchange', { in: { extentOrder: 10 } })).toBe(0);
    expect(b.call('exchange', { in: { extentOrder: 11 } })).toBe(-1);
  });
});

describe('add_to_physmap_batch', () => {
  it('has an error for each, and goes on behind one', () => {
    const a = domU();
    expect(
      a.batch(grantTable, [
        [0, HOLE],
        [64, HOLE + 1],
        [0, HOLE + 2],
        [1, HOLE + 3],
      ]),
    ).toEqual([0, [0, -22, -16, 0]]);
    expect(a.batch(gmfn, [[0, HOLE]])).toEqual([0, [-38]]);
    expect([a.see(HOLE), a.see(HOLE + 1), a.see(HOLE + 3)]).toEqual([0, 'hole', 0]);
  });

  it('stops at a frame of all ones, and at lists that are no memory', () => {
    const a = domU();
    const all = 2n ** 64n - 1n;
    const done = a.batch(grantTable, [
      [0, HOLE],
      [1, all],
      [1, HOLE + 1],
    ]);
    expect(done[0]).toBe(-22);
    expect(done[1].slice(0, 1)).toEqual([0]);
    expect([a.see(HOLE), a.see(HOLE + 1)]).toEqual([0, 'hole']);
    for (const list of ['idxs', 'gpfns', 'errs'])
      expect(a.batch(grantTable, [[1, HOLE + 1]], { [list]: 0 })[0]).toBe(-14);
    // The error had no place: the page is mapped.
    expect(a.see(HOLE + 1)).toBe(0);
  });

  it('gives its errors in Xen’s order', () => {
    const a = domU();
    expect(a.batch(gmfnRange, [], { domid: 9 })[0]).toBe(-95);
    expect(a.batch(devMmio, [[0, 0]], { domid: 9 })[0]).toBe(-3);
    expect(a.batch(devMmio, [[0, 0]])[0]).toBe(-13);
    expect(a.batch(sharedInfo, [])).toEqual([0, []]);
    expect([a.op(23 | (1 << 6)), a.op(23 | (0x1_0000 << 6), 0), a.op(23, 0)]).toEqual([-84, -33, -14]);
    a.batch(sharedInfo, [[0, HOLE]]);
    expect(a.op(23 | (1 << 6))).toBe(-84);
    const dom0 = rigOf([{ privileged: true }])[0] as Party;
    expect(dom0.batch(devMmio, [[0, HOLE]], { u: { res0: 1 } })[0]).toBe(-95);
    expect(dom0.batch(devMmio, [[0, HOLE]], { u: { res0: 0 } })).toEqual([0, [0]]);
  });

  it('is preempted where it is long', () => {
    const a = domU();
    a.put(RAM + 4, Uint8Array.of(0xd0, 0x07));
    const pairs = Array.from({ length: 500 }, () => [0, HOLE] as const);
    a.batch(gmfn, pairs);
    // 1500 entries over lists that end with RAM: those behind count as they come.
    const lists = new DataView(new ArrayBuffer(32));
    lists.setUint16(0, DOMID_SELF, true);
    lists.setUint16(2, gmfn, true);
    lists.setUint16(4, 1500, true);
    [LIST, LIST, LIST + 0x8000].forEach((list, i) => {
      lists.setBigUint64(8 + 8 * i, BigInt(list), true);
    });
    a.put(RAM, new Uint8Array(lists.buffer));
    expect(a.step(23)).toBe('again');
    expect(a.guest.vcpus[0]?.x[0]).toBe(23n | (1024n << 6n));
    expect(a.again()).toBe(0);
  });
});

describe('foreign pages', () => {
  const pair = () => rigOf([{ privileged: true }, {}, {}]) as readonly [Party, Party, Party];
  const map = (a: Party, of: number, idx: number, gpfn: number, more: object = {}) =>
    a.batch(gmfnForeign, [[idx, gpfn]], { u: { foreignDomid: of }, ...more });

  it('are the same pages for both, writable', () => {
    const [dom0, a] = pair();
    a.mark(FREE, 4);
    expect(map(dom0, 1, FREE, HOLE)).toEqual([0, [0]]);
    expect(dom0.see(HOLE)).toBe(4);
    dom0.mark(HOLE, 5);
    expect(a.see(FREE)).toBe(5);
    expect(dom0.remove(HOLE)).toBe(0);
    expect([dom0.see(HOLE), a.see(FREE)]).toEqual(['hole', 5]);
  });

  it('can be Xen’s pages of the other domain, which stay where that has them', () => {
    const [dom0, a] = pair();
    a.add(sharedInfo, 0, HOLE);
    a.add(grantTable, 0, HOLE + 1);
    expect(map(dom0, 1, HOLE, HOLE)).toEqual([0, [0]]);
    expect(map(dom0, 1, HOLE + 1, HOLE)).toEqual([0, [0]]);
    expect(dom0.remove(HOLE)).toBe(0);
    expect(a.add(sharedInfo, 0, FREE)).toBe(-16);
  });

  it('are holes’, devices’ and other mappings’ never', () => {
    const [dom0, a] = pair();
    expect(map(dom0, 1, HOLE, HOLE)).toEqual([0, [-22]]);
    expect(map(dom0, 1, 2 ** 40, HOLE)).toEqual([0, [-22]]);
    expect(map(dom0, 1, FREE, HOLE)).toEqual([0, [0]]);
    expect(map(dom0, 0, HOLE, HOLE + 1)).toEqual([0, [-3]]);
    expect(map(dom0, DOMID_SELF, HOLE, HOLE + 1)).toEqual([0, [-22]]);
    expect(map(a, 1, FREE, HOLE + 1)).toEqual([0, [-3]]);
    expect(map(dom0, 9, HOLE, HOLE + 1)).toEqual([0, [-3]]);
    expect([map(dom0, 0x7ff1, 0, HOLE), map(dom0, 0x7ff2, 0, HOLE)]).toEqual([
      [0, [-22]],
      [0, [-22]],
    ]);
    expect([map(a, 0x7ff1, 0, HOLE), map(a, 2, FREE, HOLE)]).toEqual([
      [0, [-1]],
      [0, [-1]],
    ]);
    expect(map(dom0, 1, FREE, 2 ** 36)).toEqual([0, [-22]]);
    // In another domain's map, oneself is no foreign domain: one cannot name it.
    expect(map(dom0, 0, FREE, HOLE, { domid: 1 })).toEqual([0, [-3]]);
    expect(map(dom0, 2, FREE, HOLE, { domid: 1 })).toEqual([0, [-1]]);
  });

  it('are named by numbers alone from Xen 4.20 on', () => {
    const [dom0, a] = rigOf([{ privileged: true }, {}], { profile: 'xen-4.20' }) as readonly [Party, Party];
    expect([map(dom0, 1, FREE, HOLE), map(dom0, 0, FREE, HOLE), map(dom0, 9, FREE, HOLE)]).toEqual([
      [0, [0]],
      [0, [-1]],
      [0, [-3]],
    ]);
    expect([map(dom0, DOMID_SELF, FREE, HOLE), map(dom0, 0x7ff1, 0, HOLE), map(a, 1, FREE, HOLE)]).toEqual([
      [0, [-3]],
      [0, [-3]],
      [0, [-1]],
    ]);
  });

  it('keep a page that its owner has given back, until the last mapping goes', () => {
    const [dom0, a] = pair();
    a.mark(FREE, 6);
    map(dom0, 1, FREE, HOLE);
    map(dom0, 1, FREE, HOLE + 1);
    expect(a.decrease(FREE)).toBe(1);
    expect([a.see(FREE), a.current(), dom0.see(HOLE)]).toEqual(['hole', RAM_PAGES, 6]);
    expect(a.populate(FREE)).toBe(0);
    dom0.remove(HOLE);
    expect([a.current(), dom0.see(HOLE + 1)]).toEqual([RAM_PAGES, 6]);
    // Something else in its place ends a mapping as well.
    expect(dom0.add(sharedInfo, 0, HOLE + 1)).toBe(0);
    expect(a.current()).toBe(RAM_PAGES - 1);
    expect([a.populate(FREE), a.see(FREE)]).not.toContain('hole');
  });

  it('count once at one frame, however often they are mapped there', () => {
    const [dom0, a] = pair();
    for (let i = 0; i < 3; i++) expect(map(dom0, 1, FREE, HOLE)).toEqual([0, [0]]);
    a.decrease(FREE);
    expect(a.current()).toBe(RAM_PAGES);
    dom0.remove(HOLE);
    expect(a.current()).toBe(RAM_PAGES - 1);
  });

  it('cannot be given back, and no operand lies in them', () => {
    const [dom0] = pair();
    map(dom0, 1, FRAME, HOLE);
    expect(dom0.decrease(HOLE)).toBe(0);
    expect(dom0.op(3, HOLE * 4096)).toBe(-14);
  });
});
