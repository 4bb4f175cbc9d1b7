import type { MemoryPort } from '@trapline/core';
import { createMemory } from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';
import { FREE, HOLE, type Party, RAM, RAM_PAGES, rigOf } from './rig.js';
import { DOMID_SELF, XENMAPSPACE } from './structures.js';

const { sharedInfo, grantTable, gmfnForeign } = XENMAPSPACE;
const range = { base: RAM, size: RAM_PAGES * 4096 };

/** A guest's memory as an embedder has it that cannot map pages: with views, with words, or only copies. */
function plainMemory(kind: 'views' | 'words' | 'copies'): MemoryPort {
  const memory = createMemory([range]);
  const port: MemoryPort = {
    read: (address, target) => memory.read(address, target),
    write: (address, source) => memory.write(address, source),
    has: (address, length) => memory.has(address, length),
    translate: (_pe, address) => address,
  };
  if (kind === 'views') return { ...port, view: (address, length) => memory.view(address, length) };
  if (kind === 'copies') return port;
  const at = (address: number, index: number) => (address + 4 * index) as never;
  return {
    ...port,
    sharedWords: (address, length) =>
      memory.has(address, length)
        ? {
            load: (i) => (memory.words.u32(at(address, i)) as number) | 0,
            store: (i, value) => void memory.words.setU32(at(address, i), value >>> 0),
            or: (i, bits) => {
              const old = memory.words.u32(at(address, i)) as number;
              memory.words.setU32(at(address, i), (old | bits) >>> 0);
              return old | 0;
            },
            and: (i, bits) => {
              const old = memory.words.u32(at(address, i)) as number;
              memory.words.setU32(at(address, i), (old & bits) >>> 0);
              return old | 0;
            },
            compareExchange: (i, expected, replacement) => {
              const old = memory.words.u32(at(address, i)) as number;
              if ((old | 0) === expected) memory.words.setU32(at(address, i), replacement >>> 0);
              return old | 0;
            },
          }
        : undefined,
  };
}

const domain = (kind: Parameters<typeof plainMemory>[0]) =>
  rigOf([{ memory: [range] }], { guest: { ports: { memory: plainMemory(kind) } } })[0] as Party;

describe.each(['views', 'words'] as const)('an embedder that maps no pages, with %s', (kind) => {
  it('has shared_info and grant frames in the guest’s own RAM', () => {
    const a = domain(kind);
    a.mark(FREE, 9);
    expect(a.add(sharedInfo, 0, FREE)).toBe(0);
    expect([a.see(FREE), a.take(FREE * 4096 + 0x430, 1)]).toEqual([0, Uint8Array.of(2)]);
    a.mark(FREE, 0x44);
    expect(a.remove(FREE)).toBe(0);
    expect(a.add(sharedInfo, 0, FREE + 1)).toBe(0);
    expect(a.see(FREE + 1)).toBe(0x44);
    expect([a.add(sharedInfo, 0, FREE + 2), a.add(grantTable, 0, FREE + 2)]).toEqual([-16, 0]);
    // One of Xen's in the other's place.
    expect(a.add(grantTable, 1, FREE + 1)).toBe(0);
    expect([a.see(FREE + 1), a.add(sharedInfo, 0, FREE + 3), a.see(FREE + 3)]).toEqual([0, 0, 0x44]);
  });

  it('has nothing outside of RAM, and nothing of others', () => {
    const a = domain(kind);
    expect([a.add(sharedInfo, 0, HOLE), a.add(sharedInfo, 0, 2 ** 36)]).toEqual([-12, -22]);
    a.decrease(FREE);
    expect([a.populate(HOLE), a.current()]).toEqual([0, RAM_PAGES]);
    const [dom0, b] = rigOf([{ privileged: true, memory: [range] }, {}], {
      guest: { ports: { memory: plainMemory(kind) } },
    }) as readonly [Party, Party];
    expect(dom0.batch(gmfnForeign, [[FREE, HOLE]], { u: { foreignDomid: b.id } })[1]).toEqual([-22]);
  });
});

describe.each(['views', 'words', 'copies'] as const)('an embedder that maps no pages, with %s,', (kind) => {
  it('counts what is given back, takes no operand from there, and gives zeros again', () => {
    const a = domain(kind);
    a.mark(FREE, 9);
    expect(a.op(3, FREE * 4096 + 0x800)).toBe(-3);
    expect([a.decrease(FREE), a.decrease(FREE), a.current()]).toEqual([1, 0, RAM_PAGES - 1]);
    expect(a.op(3, FREE * 4096 + 0x800)).toBe(-14);
    expect([a.populate(FREE), a.see(FREE), a.current()]).toEqual([1, 0, RAM_PAGES]);
    expect(a.op(3, FREE * 4096 + 0x800)).toBe(-3);
    expect([a.remove(FREE), a.remove(FREE), a.current()]).toEqual([0, -2, RAM_PAGES]);
    expect(a.highest()).toBe(FREE - 8 + RAM_PAGES - 1);
  });
});

describe('an embedder that maps no pages', () => {
  it('without words or views, has no page for Xen to share', () => {
    const a = domain('copies');
    expect(a.add(sharedInfo, 0, FREE)).toBe(-12);
    a.mark(FREE, 3);
    expect(a.see(FREE)).toBe(3);
  });

  it('keeps shared_info where it is over save and restore', () => {
    const a = domain('views');
    a.add(sharedInfo, 0, FREE);
    a.mark(FREE, 7);
    a.decrease(FREE + 1);
    const saved = JSON.parse(JSON.stringify(a.machine.save()));
    a.mark(FREE, 1);
    a.remove(FREE);
    a.machine.restore(saved);
    expect([a.see(FREE), a.add(sharedInfo, 0, FREE + 2), a.decrease(FREE + 1)]).toEqual([7, -16, 0]);
    expect([a.remove(FREE), a.add(sharedInfo, 0, FREE + 3), a.see(FREE + 3), a.current(DOMID_SELF)]).toEqual([
      0, 0, 7, 63,
    ]);
  });

  it('says nothing of RAM has none to count', () => {
    const a = rigOf([{}], { guest: { ports: { memory: plainMemory('views') } } })[0] as Party;
    // Even its operands are nowhere.
    expect(a.op(3)).toBe(-14);
    expect(a.op(2, 0)).toBe(0x8_0000);
  });
});
