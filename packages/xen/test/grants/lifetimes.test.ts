import { RestoreError, type Saved } from '@trapline/core';
import { describe, expect, it } from 'vitest';
import { destroyDomain } from '../../src/domain/death.js';
import { Domain } from '../../src/domain/domain.js';
import { DATA_FRAME, HOLE_FRAME, type Party, rigOf } from './rig.js';

function pair(): readonly [Party, Party] {
  const [a, b] = rigOf([{}, {}]) as [Party, Party];
  a.say(DATA_FRAME, 'A page 0');
  b.say(DATA_FRAME, 'B page 0');
  a.grant(8, b, DATA_FRAME);
  b.grant(8, a, DATA_FRAME);
  return [a, b];
}

describe('a domain that dies', () => {
  it('gives back what it has mapped: bits, references and handles', () => {
    const [a, b] = pair();
    b.map(a, 8, HOLE_FRAME);
    b.map(a, 8, HOLE_FRAME + 1, 6);
    b.map(b, 8, HOLE_FRAME + 2);
    destroyDomain(b.domain);
    expect(a.flags(8)).toBe(1);
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
    expect(b.domain.grants.maptrack.limit).toBe(0);
    expect(a.domain.xen.domain(2)).toBeUndefined();
    expect(a.map(b, 8, HOLE_FRAME).status).toBe(-2);
  });

  it('stays while others have its pages mapped: they can use them, and nobody can begin anything', () => {
    const [a, b] = pair();
    b.grant(9, a, DATA_FRAME + 1);
    a.map(b, 8, HOLE_FRAME);
    destroyDomain(b.domain);
    expect(a.see(HOLE_FRAME)).toBe('B page 0');
    expect(a.map(b, 9, HOLE_FRAME + 1).status).toBe(-9);
    const source = { u: { gmfn: 9n }, domid: 2, offset: 0 };
    const dest = { u: { gmfn: BigInt(DATA_FRAME) }, domid: 0x7ff0, offset: 0 };
    expect(a.one('copy', { source, dest, flags: 1, len: 8 }).status).toBe(-9);
    expect(a.one('copy', { source: { ...source, u: { gmfn: 8n } }, dest, flags: 1, len: 8 }).status).toBe(-2);
    expect(a.domain.xen.domain(2)).toBe(b.domain);
    expect(a.unmap(0, HOLE_FRAME)).toBe(0);
    expect(a.domain.xen.domain(2)).toBeUndefined();
    expect(a.unmap(0, HOLE_FRAME)).toBe(-4);
  });

  it('together with the one that maps it leaves neither', () => {
    const [a, b] = pair();
    a.map(b, 8, HOLE_FRAME);
    b.map(a, 8, HOLE_FRAME);
    destroyDomain(a.domain);
    expect(a.domain.xen.domain(1)).toBe(a.domain);
    destroyDomain(b.domain);
    expect([...a.domain.xen.domains]).toEqual([]);
  });
});

describe('a reset', () => {
  it('of the one that maps gives everything back', () => {
    const [a, b] = pair();
    b.map(a, 8, HOLE_FRAME);
    b.domain.grants.reset();
    expect(a.flags(8)).toBe(1);
    expect(b.map(a, 8, HOLE_FRAME).handle).toBe(0);
  });

  it('of the granter makes the handles of others ones of nothing, and they come free when they are used', () => {
    const [a, b] = pair();
    b.map(a, 8, HOLE_FRAME);
    b.map(a, 8, HOLE_FRAME + 1);
    a.guest.reset();
    expect(a.domain.grants.inUse(8)).toBeUndefined();
    a.grant(8, b, DATA_FRAME);
    expect(b.map(a, 8, HOLE_FRAME + 2).status).toBe(0);
    expect(b.unmap(0, HOLE_FRAME)).toBe(-4);
    expect(a.flags(8)).toBe(0x19);
    b.domain.grants.destroy();
    expect(a.flags(8)).toBe(1);
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
  });

  it('of the granter to a shorter table is no trouble for a mapping of an entry that is no more', () => {
    const [a, b] = pair();
    a.domain.grants.grow(3);
    a.grant(1800, b, DATA_FRAME);
    b.map(a, 1800, HOLE_FRAME);
    a.guest.reset();
    expect(a.domain.grants.shared.pages.length).toBe(1);
    expect(b.unmap(0, HOLE_FRAME)).toBe(-4);
  });
});

describe('a save', () => {
  it('keeps tables, uses and handles, and the machine goes on from there', () => {
    const [a, b] = pair();
    a.domain.grants.grow(2);
    a.grant(700, b, DATA_FRAME + 1);
    for (let i = 0; i < 3; i++) b.map(a, 8, HOLE_FRAME + i, i === 1 ? 6 : 2);
    b.map(a, 700, HOLE_FRAME + 3);
    b.unmap(0, HOLE_FRAME);
    const saved = a.machine.save();

    for (let i = 1; i < 4; i++) b.unmap(i, HOLE_FRAME + i);
    a.grant(8, 0, 0, 0);
    a.machine.restore(saved);
    expect(a.flags(8)).toBe(0x19);
    expect(b.see(HOLE_FRAME + 1)).toBe('A page 0');
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(1);
    expect(b.map(a, 8, HOLE_FRAME).handle).toBe(4);
    for (let i = 1; i < 4; i++) expect(b.unmap(i, HOLE_FRAME + i)).toBe(0);
    expect(b.unmap(4, HOLE_FRAME)).toBe(0);
    expect([a.flags(8), a.flags(700)]).toEqual([1, 1]);
    expect(a.domain.grants.nextInUse(0, 2000)).toBe(-1);
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
  });

  it('is restored in a new machine', () => {
    const [a, b] = pair();
    b.map(a, 8, HOLE_FRAME);
    const [c, d] = rigOf([{}, {}]) as [Party, Party];
    c.machine.restore(a.machine.save());
    expect(d.see(HOLE_FRAME)).toBe('A page 0');
    c.say(DATA_FRAME, 'after it');
    expect(d.see(HOLE_FRAME)).toBe('after it');
    expect(d.unmap(0, HOLE_FRAME)).toBe(0);
    expect(c.flags(8)).toBe(1);
  });

  it('of a table of version 2 keeps its status frames', () => {
    const [a, b] = rigOf([{}, {}], { grantVersion: 2 }) as [Party, Party];
    a.one('setVersion', { version: 2 });
    a.grant2(9, (2 << 16) | 1, 0, DATA_FRAME);
    b.map(a, 9, HOLE_FRAME);
    const saved = a.machine.save();
    b.unmap(0, HOLE_FRAME);
    a.one('setVersion', { version: 1 });
    a.machine.restore(saved);
    expect(a.domain.grants.shared.version).toBe(2);
    expect(a.domain.grants.shared.readStatus(9)).toBe(0x18);
    b.unmap(0, HOLE_FRAME);
    expect(a.domain.grants.shared.readStatus(9)).toBe(0);
  });

  interface State {
    version: number;
    frames: number;
    handles: number;
    active: { ref: number; page: string; readers: number; writers: number }[];
    free: { handles: number[] }[];
    mappings: { handle: number; vcpu: number; granter: number; flags: number; ref: number }[];
  }

  it.each<[string, (state: State) => void]>([
    ['version 2 of a build without it', (s) => Object.assign(s, { version: 2 })],
    ['more frames than there may be', (s) => Object.assign(s, { frames: 65 })],
    ['half a frame of handles', (s) => Object.assign(s, { handles: 128 })],
    ['more handles than there may be', (s) => Object.assign(s, { handles: 2 ** 20 })],
    ['a handle in two lists', (s) => s.free[0]?.handles.push(7)],
    ['a handle that is lost', (s) => s.free[0]?.handles.pop()],
    ['a handle that is free and in use', (s) => Object.assign(s.mappings[0] as object, { handle: 9 })],
    ['a mapping of no domain', (s) => Object.assign(s.mappings[0] as object, { granter: 12 })],
    ['a mapping of no reference', (s) => Object.assign(s.mappings[0] as object, { ref: 2 ** 20 })],
    ['a mapping of a vCPU that is not there', (s) => Object.assign(s.mappings[0] as object, { vcpu: 1 })],
    ['a mapping without flags', (s) => Object.assign(s.mappings[0] as object, { flags: 0 })],
    ['lists of other vCPUs', (s) => s.free.push({ handles: [] })],
    ['an entry without its page', (s) => Object.assign(s.active[0] as object, { page: 'none' })],
    ['an entry beyond the table', (s) => Object.assign(s.active[0] as object, { ref: 2 ** 20 })],
    ['an entry in use by nobody', (s) => Object.assign(s.active[0] as object, { writers: 0 })],
    ['too many users', (s) => Object.assign(s.active[0] as object, { readers: 129 })],
  ])('with %s is refused, and nothing is changed', (_, damage) => {
    const [a, b] = pair();
    a.map(a, 8, HOLE_FRAME);
    a.grant(9, a, DATA_FRAME);
    a.map(a, 9, HOLE_FRAME);
    b.map(a, 8, HOLE_FRAME);
    const state = structuredClone(a.domain.grants.save()) as unknown as State;
    damage(state);
    expect(() => a.domain.grants.restore(state as unknown as Saved)).toThrow(RestoreError);
    expect(a.map(a, 9, HOLE_FRAME + 1).handle).toBe(2);
  });

  it('that is no state at all is refused', () => {
    const [a] = pair();
    for (const saved of [null, 5, 'x', [], {}]) {
      expect(() => a.domain.grants.restore(saved as Saved)).toThrow(RestoreError);
    }
  });
});

describe('the host’s side', () => {
  function host(): readonly [Party, Domain] {
    const [a] = rigOf([{}], { policy: 'silo' }) as [Party];
    const { xen } = a.domain;
    const domain = new Domain(xen, 0, 'host', { privileged: true }, undefined);
    xen.add(domain);
    a.say(DATA_FRAME, 'A page 0');
    a.grant(8, 0, DATA_FRAME);
    a.grant(9, 0, DATA_FRAME, 5);
    return [a, domain];
  }

  it('maps what a guest grants it, and the entry says so', () => {
    const [a, { grants }] = host();
    const mapping = grants.mapForeign(a.domain, 8, true);
    if (typeof mapping === 'number') throw new Error(`refused: ${mapping}`);
    const bytes = new Uint8Array(8);
    mapping.page.read(0, bytes);
    expect(new TextDecoder().decode(bytes)).toBe('A page 0');
    mapping.page.words.store(0, 0x2121_2121);
    expect(a.see(DATA_FRAME)).toBe('!!!!ge 0');
    expect(a.flags(8)).toBe(0x19);
    expect(grants.unmapForeign(mapping.handle)).toBe(0);
    expect(a.flags(8)).toBe(1);
    expect(grants.unmapForeign(mapping.handle)).toBe(-4);
    expect(grants.unmapForeign(99)).toBe(-4);
  });

  it('is refused what it was not granted', () => {
    const [a, { grants }] = host();
    expect(grants.mapForeign(a.domain, 9, true)).toBe(-1);
    expect(grants.mapForeign(a.domain, 10, false)).toBe(-1);
    expect(grants.mapForeign(a.domain, 600, false)).toBe(-3);
    expect(grants.mapForeign(a.domain, 9, false)).toMatchObject({ handle: 3 });
    expect(a.domain.grants.mapForeign(a.domain, 8, false)).toBe(-1);
  });

  it('copies without mapping, within the page', () => {
    const [a, { grants }] = host();
    const bytes = new Uint8Array(4);
    expect(grants.copyFrom(a.domain, 9, 2, bytes)).toBe(0);
    expect(new TextDecoder().decode(bytes)).toBe('page');
    expect(grants.copyTo(a.domain, 8, 0, new TextEncoder().encode('host'))).toBe(0);
    expect(a.see(DATA_FRAME)).toBe('hostge 0');
    expect(grants.copyTo(a.domain, 9, 0, bytes)).toBe(-1);
    expect(grants.copyFrom(a.domain, 8, 4093, bytes)).toBe(-10);
    expect(grants.copyFrom(a.domain, 8, -1, bytes)).toBe(-1);
    expect([a.flags(8), a.flags(9)]).toEqual([1, 5]);
  });

  it('is kept apart by SILO where it has no privilege', () => {
    const [a] = host();
    const other = new Domain(a.domain.xen, 5, 'other', {}, undefined);
    a.domain.xen.add(other);
    expect(other.grants.mapForeign(a.domain, 8, false)).toBe(-8);
    expect(other.grants.copyFrom(a.domain, 8, 0, new Uint8Array(1))).toBe(-8);
  });

  it('fills the reserved entries before the guest runs', () => {
    const [a, { grants }] = host();
    a.domain.grants.seed(1, 0, DATA_FRAME);
    expect(a.entry(1)).toBe(1);
    expect(a.table.load(3)).toBe(DATA_FRAME);
    expect(grants.mapForeign(a.domain, 1, true)).toMatchObject({ handle: 0 });
  });

  it('has no more handles than it may have', () => {
    const [a] = host();
    const small = new Domain(a.domain.xen, 6, 'small', { privileged: true, maxMaptrackFrames: 0 }, undefined);
    expect(small.grants.mapForeign(a.domain, 8, false)).toBe(-13);
  });
});
