import { describe, expect, it } from 'vitest';
import { FREE, HOLE, type Party, RAM_PAGES, rigOf } from './rig.js';
import { DOMID_SELF, XENMAPSPACE } from './structures.js';

const { sharedInfo, grantTable, gmfnForeign } = XENMAPSPACE;
const pair = () => rigOf([{ privileged: true }, {}]) as readonly [Party, Party];
const map = (a: Party, idx: number, gpfn: number) =>
  a.batch(gmfnForeign, [[idx, gpfn]], { u: { foreignDomid: 1 } })[1][0];

/** XEN_DOMCTL_destroydomain. */
function destroy(dom0: Party, id = 1): void {
  const domctl = new DataView(new ArrayBuffer(128));
  domctl.setUint32(0, 2, true);
  domctl.setUint32(4, 0x15, true);
  domctl.setUint16(8, id, true);
  dom0.put(0x4000_0000, new Uint8Array(domctl.buffer));
  const { x } = dom0.guest.vcpus[0] as { x: BigUint64Array };
  x[16] = 36n;
  x[0] = 0x4000_0000n;
  const vcpu = dom0.guest.vcpus[0];
  if (vcpu === undefined) throw new Error('no vCPU');
  expect(dom0.machine.trap(vcpu, 'hvc', 0xea1).kind).toBe('returned');
  expect(x[0]).toBe(0n);
}

describe('a domain that is destroyed', () => {
  it('keeps the pages that others have mapped, and nothing else', () => {
    const [dom0, a] = pair();
    a.add(sharedInfo, 0, HOLE);
    a.mark(FREE, 5);
    expect([map(dom0, FREE, HOLE), map(dom0, FREE + 1, HOLE + 1), map(dom0, HOLE, HOLE + 2)]).toEqual([0, 0, 0]);
    a.decrease(FREE + 1);
    expect(dom0.current(1)).toBe(RAM_PAGES);
    destroy(dom0);
    expect(dom0.current(1)).toBe(2);
    expect([dom0.see(HOLE), map(dom0, FREE, HOLE + 3), map(dom0, FREE + 2, HOLE + 3)]).toEqual([5, -22, -22]);
    expect(dom0.add(sharedInfo, 0, HOLE, 1)).toBe(-12);
    expect(dom0.extents('populatePhysmap', [FREE], { domid: 1 })).toBe(0);
    expect(dom0.extents('decreaseReservation', [FREE], { domid: 1 })).toBe(0);
    expect(dom0.extents('increaseReservation', [FREE], { domid: 1 })).toBe(0);
  });

  it('is gone when the last of its pages is let go, one of Xen’s too', () => {
    const [dom0, a] = pair();
    a.add(sharedInfo, 0, HOLE);
    map(dom0, HOLE, HOLE);
    map(dom0, FREE, HOLE + 1);
    destroy(dom0);
    expect(dom0.current(1)).toBe(1);
    dom0.remove(HOLE + 1);
    expect(dom0.current(1)).toBe(0);
    dom0.remove(HOLE);
    expect(dom0.current(1)).toBe(-3);
  });

  it('lets go of what it had mapped', () => {
    const members = [{ privileged: true }, {}, { privileged: true, id: 7 }];
    const [dom0, a, b] = rigOf(members) as readonly [Party, Party, Party];
    a.mark(FREE, 3);
    expect(map(b, FREE, HOLE)).toBe(0);
    a.decrease(FREE);
    expect([b.see(HOLE), a.current()]).toEqual([3, RAM_PAGES]);
    destroy(dom0, 7);
    expect([b.see(HOLE), a.current(), dom0.current(7)]).toEqual(['hole', RAM_PAGES - 1, -3]);
  });

  it('stays so over save and restore', () => {
    const [dom0] = pair();
    map(dom0, FREE, HOLE);
    destroy(dom0);
    const saved = JSON.parse(JSON.stringify(dom0.machine.save()));
    const [other] = pair();
    other.machine.restore(saved);
    expect([other.current(1), other.see(HOLE), map(other, FREE, HOLE + 1)]).toEqual([1, 0, -22]);
    other.remove(HOLE);
    expect(other.current(1)).toBe(-3);
  });
});

describe('a guest that is reset', () => {
  it('has its RAM back at its frames, with what it holds, and nothing else', () => {
    const [, a] = pair();
    a.mark(FREE, 4);
    a.mark(FREE + 1, 5);
    a.decrease(FREE + 1, FREE + 2);
    a.populate(FREE + 2, HOLE);
    a.mark(FREE + 2, 6);
    a.add(sharedInfo, 0, HOLE + 1);
    a.add(grantTable, 0, FREE + 3);
    a.machine.reset();
    expect([a.see(FREE), a.see(FREE + 1), a.see(FREE + 2), a.see(FREE + 3)]).toEqual([4, 0, 6, 0]);
    expect([a.see(HOLE), a.see(HOLE + 1), a.current(), a.highest()]).toEqual([
      'hole',
      'hole',
      RAM_PAGES,
      FREE - 8 + 63,
    ]);
    expect([a.add(sharedInfo, 0, HOLE), a.add(grantTable, 0, FREE + 3)]).toEqual([0, 0]);
    expect(a.take(HOLE * 4096, 0x430)).toEqual(new Uint8Array(0x430));
    expect(a.decrease(FREE, FREE + 1, FREE + 2, FREE + 3)).toBe(4);
    expect(a.current()).toBe(RAM_PAGES - 4 + 1);
  });

  it('shares none of its pages with those who had them', () => {
    const [dom0, a] = pair();
    a.mark(FREE, 4);
    map(dom0, FREE, HOLE);
    a.guest.reset();
    expect([a.see(FREE), dom0.see(HOLE)]).toEqual([4, 4]);
    a.mark(FREE, 9);
    dom0.mark(HOLE, 8);
    expect([a.see(FREE), dom0.see(HOLE), a.current()]).toEqual([9, 8, RAM_PAGES]);
    dom0.remove(HOLE);
    expect([a.current(), a.see(FREE), a.decrease(FREE), a.current()]).toEqual([RAM_PAGES, 9, 1, RAM_PAGES - 1]);
  });

  it('can be saved and restored after', () => {
    const [dom0, a] = pair();
    a.mark(FREE, 4);
    map(dom0, FREE, HOLE);
    a.decrease(FREE + 1);
    a.guest.reset();
    a.mark(FREE + 1, 2);
    const saved = JSON.parse(JSON.stringify(a.machine.save()));
    const [, b] = pair();
    b.machine.restore(saved);
    expect([b.see(FREE), b.see(FREE + 1), b.current(), b.decrease(FREE), b.current()]).toEqual([4, 2, 64, 1, 63]);
  });
});

describe('a damaged saved state', () => {
  type Loose = { [key: string]: Loose };
  const memoryOf = (saved: Loose): Loose => {
    const found = (saved.guests as unknown as Loose[])[0]?.services as unknown as { state: Loose }[];
    return found[0]?.state.memory as Loose;
  };

  it('is refused with an error that names what is wrong', () => {
    const [a] = rigOf([{}]) as readonly [Party];
    a.decrease(FREE);
    a.populate(HOLE);
    a.mark(HOLE, 7);
    const good = JSON.stringify(a.machine.save());
    const broken: ((memory: Loose & Record<string, unknown>) => void)[] = [
      (m) => Object.assign(m, { total: -1 }),
      (m) => Object.assign(m, { total: 'many' }),
      (m) => Object.assign(m, { holes: [{ start: HOLE, count: 1 }] }),
      (m) => Object.assign(m, { holes: [{ start: FREE, count: 2 ** 40 }] }),
      (m) => Object.assign(m, { frames: [{ frame: 1, type: 'house', owner: 1, page: 'page:1' }] }),
      (m) => Object.assign(m, { frames: [{ frame: -1, type: 'ram', owner: 1, page: 'page:1' }] }),
      (m) => Object.assign(m, { pages: [{ id: 'page:1', allocated: true, bytes: 'xyz' }] }),
      (m) => Object.assign(m, { pages: [{ id: 1, allocated: true, bytes: '' }] }),
      (m) => Object.assign(m, { shared: 3 }),
      (m) => Object.assign(m, { dying: 0 }),
    ];
    for (const harm of broken) {
      const saved = JSON.parse(good) as Loose;
      harm(memoryOf(saved) as never);
      expect(() => a.machine.restore(saved as never)).toThrow(/xen: /);
    }
    a.machine.restore(JSON.parse(good));
    expect([a.see(HOLE), a.see(FREE), a.add(sharedInfo, 0, FREE, DOMID_SELF)]).toEqual([7, 'hole', 0]);
  });
});
