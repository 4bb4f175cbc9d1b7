import type { MemoryPort } from '@trapline/core';
import { createMemory } from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { DATA_FRAME, type Party, RAM, RAM_FRAME, RAM_FRAMES, rigOf } from './rig.js';

const range = { base: RAM, size: RAM_FRAMES * 4096 };

/** Memory of an embedder that cannot map pages, but shows its own. */
function plainMemory(): MemoryPort {
  const memory = createMemory([range]);
  return {
    read: (address, target) => memory.read(address, target),
    write: (address, source) => memory.write(address, source),
    has: (address, length) => memory.has(address, length),
    translate: (_, address) => address,
    view: (address, length) => memory.view(address, length),
  };
}

/** Two domains whose grant frame 0 is at a page of their RAM. */
function pair(): readonly [Party, Party] {
  const parties = rigOf([{ memory: [range] }, { memory: [range] }], { ports: plainMemory }) as [Party, Party];
  for (const { domain } of parties)
    expect(domain.memory.map.set(RAM_FRAME + 4, 'ram', domain.grants.frames(0))).toBe(0);
  return parties;
}

/** The guest writes an entry into its own page. */
function grant(party: Party, ref: number, to: Party, frame: number): void {
  const entry = new Uint8Array(Uint32Array.of((to.id << 16) | 1, frame).buffer);
  party.put((RAM_FRAME + 4) * 4096 + 8 * ref, entry);
}

describe('where pages cannot be mapped', () => {
  it('the grant frames are in the guest’s own RAM, for guest and Xen the same', () => {
    const [a, b] = pair();
    grant(a, 8, b, DATA_FRAME);
    expect(a.entry(8)).toBe((b.id << 16) | 1);
    expect(a.one('swapGrantRef', { ref_a: 8, ref_b: 9 }).status).toBe(0);
    expect(Array.from(a.take((RAM_FRAME + 4) * 4096 + 72, 4))).toEqual([1, 0, b.id, 0]);
  });

  it('grants of others cannot be mapped, and leave no mark', () => {
    const [a, b] = pair();
    grant(a, 8, b, DATA_FRAME);
    for (const frame of [0x3_0000, DATA_FRAME, DATA_FRAME + 1]) expect(b.map(a, 8, frame).status).toBe(-1);
    expect(a.flags(8)).toBe(1);
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
    expect(b.map(a, 8, DATA_FRAME).status).toBe(-1);
  });

  it('they can be copied from and to, the table’s own frame included', () => {
    const [a, b] = pair();
    grant(a, 8, b, DATA_FRAME);
    grant(a, 9, b, RAM_FRAME + 4);
    a.say(DATA_FRAME, 'A page 0');
    const own = { u: { gmfn: BigInt(DATA_FRAME + 1) }, domid: DOMID_SELF, offset: 0 };
    const other = (ref: bigint, offset = 0) => ({ u: { gmfn: ref }, domid: a.id, offset });
    expect(b.one('copy', { source: other(8n), dest: own, flags: 1, len: 8 }).status).toBe(0);
    expect(b.see(DATA_FRAME + 1)).toBe('A page 0');
    expect(b.one('copy', { source: other(9n, 64), dest: own, flags: 1, len: 2 }).status).toBe(0);
    expect(Array.from(b.take((DATA_FRAME + 1) * 4096, 2))).toEqual([1, 0]);
    b.put((DATA_FRAME + 1) * 4096, Uint8Array.of(0x77, 0x66, 0x55));
    expect(b.one('copy', { source: own, dest: other(9n, 0x801), flags: 2, len: 3 }).status).toBe(0);
    expect(Array.from(a.take((RAM_FRAME + 4) * 4096 + 0x800, 5))).toEqual([0, 0x77, 0x66, 0x55, 0]);
    const [source, dest] = [other(9n, 0x801), other(9n, 0x802)];
    expect(b.one('copy', { source, dest, flags: 3, len: 3 }).status).toBe(0);
    expect(Array.from(a.take((RAM_FRAME + 4) * 4096 + 0x800, 6))).toEqual([0, 0x77, 0x77, 0x66, 0x55, 0]);
  });
});
