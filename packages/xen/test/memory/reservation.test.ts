import { describe, expect, it } from 'vitest';
import { domU, FRAME, FREE, HOLE, LIST, RAM, RAM_PAGES, rigOf } from './rig.js';
import { DOMID_SELF, XENMEMF } from './structures.js';

const LIMIT = 2 ** 36;

describe('what a domain has', () => {
  it('is its RAM at first, current and at most, and its highest frame', () => {
    const a = domU();
    expect(a.current()).toBe(RAM_PAGES);
    expect(a.call('maximumReservation', { domid: DOMID_SELF })).toBe(RAM_PAGES);
    expect(a.highest()).toBe(FRAME + RAM_PAGES - 1);
  });

  it('is told of oneself by number too, and of no domain that is not there', () => {
    const a = domU();
    expect(a.current(1)).toBe(RAM_PAGES);
    for (const nobody of [0, 9, 0x7ff1, 0x7ff2, 0x7ff4]) expect(a.current(nobody)).toBe(-3);
  });

  it('is told of others to the control domain only', () => {
    const [dom0, a, b] = rigOf([{ privileged: true }, {}, {}]) as [never, never, never] as ReturnType<typeof rigOf>;
    expect(dom0?.current(1)).toBe(RAM_PAGES);
    expect([a?.current(0), a?.current(2), b?.highest(1)]).toEqual([-1, -1, -1]);
  });

  it('is not told through a bad pointer, or with a place to go on', () => {
    const a = domU();
    for (const command of [3, 4, 14]) {
      expect(a.op(command, 0)).toBe(-14);
      expect(a.op(command | 0x40)).toBe(-22);
    }
  });

  it('does not say how high frames once were lower again', () => {
    const a = domU();
    expect(a.decrease(FREE)).toBe(1);
    expect(a.populate(HOLE + 2 ** 20)).toBe(1);
    expect(a.highest()).toBe(HOLE + 2 ** 20);
    expect(a.decrease(HOLE + 2 ** 20)).toBe(1);
    expect(a.highest()).toBe(HOLE + 2 ** 20);
  });
});

describe('decrease_reservation', () => {
  it('makes holes and lowers the count', () => {
    const a = domU();
    a.mark(FREE, 7);
    expect(a.decrease(FREE, FREE + 3)).toBe(2);
    expect([a.see(FREE), a.see(FREE + 1), a.see(FREE + 3)]).toEqual(['hole', 0, 'hole']);
    expect(a.current()).toBe(RAM_PAGES - 2);
  });

  it('ends at the first extent that is no page of the domain’s', () => {
    const a = domU();
    expect(a.decrease(FREE, HOLE, FREE + 1)).toBe(1);
    expect(a.decrease(FREE)).toBe(0);
    expect(a.decrease(2 ** 40)).toBe(0);
    expect(a.current()).toBe(RAM_PAGES - 1);
  });

  it('keeps what it did of an extent that it could not finish', () => {
    const a = domU();
    a.decrease(FREE + 2);
    expect(a.extents('decreaseReservation', [FREE], { extentOrder: 2 })).toBe(0);
    expect(a.current()).toBe(RAM_PAGES - 3);
  });

  it('is not kept back by an address limit that a populate fails of, but by one within the first page', () => {
    const a = domU();
    expect(a.extents('decreaseReservation', [FREE], { memFlags: 13 })).toBe(1);
    expect(a.extents('decreaseReservation', [FREE + 1], { memFlags: 12 })).toBe(0);
    expect(a.extents('populatePhysmap', [FREE], { memFlags: 13 })).toBe(0);
    expect(a.extents('populatePhysmap', [FREE], { memFlags: 31 })).toBe(1);
  });
});

describe('populate_physmap', () => {
  it('gives as many pages as were given back', () => {
    const a = domU();
    a.decrease(FREE, FREE + 1);
    expect(a.populate(HOLE, FREE, FREE + 1)).toBe(2);
    expect([a.see(HOLE), a.see(FREE), a.see(FREE + 1)]).toEqual([0, 0, 'hole']);
    a.mark(HOLE, 9);
    expect([a.see(HOLE), a.current()]).toEqual([9, RAM_PAGES]);
  });

  it('replaces what is at the frame: the page there is lost, and still counts', () => {
    const a = domU();
    a.decrease(FREE);
    a.mark(FREE + 1, 5);
    expect(a.populate(FREE + 1)).toBe(1);
    expect(a.see(FREE + 1)).toBe(0);
    expect(a.populate(FREE)).toBe(0);
    expect(a.current()).toBe(RAM_PAGES);
  });

  it('counts a page that finds no frame', () => {
    const a = domU();
    a.decrease(FREE);
    expect(a.populate(LIMIT)).toBe(0);
    expect(a.current()).toBe(RAM_PAGES);
    expect(a.populate(FREE)).toBe(0);
  });

  it('takes extents of several pages, unaligned ones too', () => {
    const a = domU();
    expect(a.extents('decreaseReservation', [FREE, FREE + 8], { extentOrder: 3 })).toBe(2);
    expect(a.current()).toBe(RAM_PAGES - 16);
    expect(a.extents('populatePhysmap', [HOLE + 1, FREE], { extentOrder: 3 })).toBe(2);
    expect([a.see(HOLE), a.see(HOLE + 1), a.see(HOLE + 8), a.see(HOLE + 9)]).toEqual(['hole', 0, 0, 'hole']);
    expect(a.current()).toBe(RAM_PAGES);
  });

  it('does nothing of orders, counts, nodes and demands that it does not take', () => {
    const a = domU();
    a.decrease(FREE);
    for (const wrong of [
      { extentOrder: 10 },
      { extentOrder: 0xffff_ffff },
      { nrExtents: 2 ** 26 },
      { nrExtents: 2n ** 32n },
      { nrExtents: 2n ** 64n - 1n },
      { memFlags: 1 },
      { memFlags: XENMEMF.exactNode | 0x100 },
      { memFlags: XENMEMF.populateOnDemand },
      { domid: 9 },
      { domid: 0 },
    ]) {
      expect(a.extents('populatePhysmap', [FREE], wrong)).toBe(0);
    }
    expect(a.extents('populatePhysmap', [FREE], { extentStart: 0 })).toBe(0);
    expect(a.extents('populatePhysmap', [FREE], { memFlags: 0x700 })).toBe(1);
  });

  it('gives back the place to go on where it cannot even begin', () => {
    const a = domU();
    expect(a.op(6 | (5 << 6), 0)).toBe(5);
    expect(a.op((0x123_4567_89ab_cdefn << 6n) | 6n, 0)).toBe(Number(0x23_4567_89ab_cdefn | (1n << 56n)));
    a.decrease(FREE, FREE + 1);
    expect(a.populate(FREE)).toBe(1);
    // One of two is done already: the second goes on.
    a.put(LIST, new Uint8Array(BigUint64Array.of(BigInt(HOLE), BigInt(FREE + 1)).buffer));
    expect(a.op(6 | (1 << 6))).toBe(1);
  });
});

describe('increase_reservation', () => {
  it('adds pages without frames, up to the maximum', () => {
    const a = domU();
    expect(a.extents('increaseReservation', [0])).toBe(0);
    a.decrease(FREE, FREE + 1, FREE + 2);
    expect(a.call('increaseReservation', { extentStart: 0, nrExtents: 2, domid: DOMID_SELF })).toBe(2);
    expect(a.current()).toBe(RAM_PAGES - 1);
    expect(a.extents('increaseReservation', [1, 2])).toBe(1);
    expect(a.current()).toBe(RAM_PAGES);
  });
});

describe('long operations', () => {
  const pages = 8192;
  const big = () => domU({ guest: { memory: [{ base: RAM, size: pages * 4096 }] } });

  it('are preempted between extents, and go on where they were', () => {
    const a = big();
    const frames = Array.from({ length: 2000 }, (_, i) => FRAME + 100 + i);
    expect(a.extents('decreaseReservation', frames)).toBe(2000);
    expect(a.current()).toBe(pages - 2000);
    // The lists of the last call are still there: the same, as a populate, and only its first step.
    expect(a.extents('populatePhysmap', [])).toBe(0);
    a.put(LIST, new Uint8Array(BigUint64Array.from(frames, BigInt).buffer));
    a.put(RAM + 8, Uint8Array.of(0xd0, 0x07));
    expect(a.step(6)).toBe('again');
    expect(a.guest.vcpus[0]?.x[0]).toBe(6n | (1024n << 6n));
    expect(a.again()).toBe(2000);
    expect(a.current()).toBe(pages);
  });

  it('do at most one large extent at a time', () => {
    const a = big();
    const list = [FRAME + 512, FRAME + 1024, FRAME + 1536, FRAME + 2048];
    a.put(LIST, new Uint8Array(BigUint64Array.from(list, BigInt).buffer));
    const value = { extentStart: LIST, nrExtents: 4, extentOrder: 9, domid: DOMID_SELF };
    expect(a.call('decreaseReservation', value)).toBe(4);
    expect(a.current()).toBe(pages - 2048);
    expect(a.step(6)).toBe('again');
    expect(a.current()).toBe(pages - 1024);
  });
});

describe('a control domain, whose frames are machine frames', () => {
  const dom0 = () => rigOf([{ privileged: true }, {}]) as readonly [ReturnType<typeof domU>, ReturnType<typeof domU>];

  it('keeps the pages that it gives back, with what they hold', () => {
    const [a] = dom0();
    a.mark(FREE, 7);
    expect(a.decrease(FREE)).toBe(1);
    expect([a.see(FREE), a.current()]).toEqual(['hole', RAM_PAGES]);
    expect(a.decrease(FREE)).toBe(0);
    expect(a.populate(FREE)).toBe(1);
    expect(a.see(FREE)).toBe(7);
  });

  it('can have only its own RAM at its frames, mapped or not', () => {
    const [a] = dom0();
    expect(a.populate(HOLE)).toBe(0);
    a.mark(FREE + 1, 3);
    expect(a.populate(FREE + 1)).toBe(1);
    expect(a.see(FREE + 1)).toBe(3);
    expect(a.add(0, 0, FREE + 2)).toBe(0);
    a.mark(FREE + 2, 1);
    expect(a.populate(FREE + 2)).toBe(1);
    expect(a.see(FREE + 2)).toBe(0);
    expect(a.extents('populatePhysmap', [FREE], { extentOrder: 6 })).toBe(0);
  });

  it('changes the reservation of others', () => {
    const [a, b] = dom0();
    expect(a.extents('decreaseReservation', [FREE], { domid: 1 })).toBe(1);
    expect([b.see(FREE), b.current()]).toEqual(['hole', RAM_PAGES - 1]);
    expect(a.extents('populatePhysmap', [FREE], { domid: 1 })).toBe(1);
    expect([b.see(FREE), b.current()]).toEqual([0, RAM_PAGES]);
    expect(b.extents('decreaseReservation', [FREE], { domid: 0 })).toBe(0);
  });

  it('claims pages for others, once, and gives the claim up', () => {
    const [a, b] = dom0();
    const claim = (nrExtents: number | bigint, domid = 1) => a.call('claimPages', { nrExtents, domid });
    b.decrease(FREE, FREE + 1);
    expect(claim(RAM_PAGES - 2)).toBe(-22);
    expect(claim(RAM_PAGES + 1)).toBe(-22);
    expect(claim(2n ** 32n)).toBe(-22);
    expect(claim(RAM_PAGES)).toBe(0);
    expect(claim(RAM_PAGES)).toBe(-22);
    expect(claim(0)).toBe(0);
    expect(claim(RAM_PAGES - 1)).toBe(0);
    b.populate(FREE);
    expect(claim(RAM_PAGES)).toBe(0);
    expect([claim(0, 9), claim(0, DOMID_SELF)]).toEqual([-22, -22]);
    expect(a.call('claimPages', { domid: 1, extentStart: 8 })).toBe(-22);
    expect(a.call('claimPages', { domid: 1, extentOrder: 1 })).toBe(-22);
    expect(a.call('claimPages', { domid: 1, memFlags: 1 })).toBe(-22);
    expect(b.call('claimPages', { domid: 1, nrExtents: 1 })).toBe(-1);
    expect([b.op(24, 0), b.op(24 | 0x40)]).toEqual([-14, -22]);
  });
});
