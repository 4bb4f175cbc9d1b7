import { describe, expect, it } from 'vitest';
import { GTF } from '../../src/abi/grant-flags.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { STATUS_FRAME_INDEX } from '../../src/grants/grant-table.js';
import { NO_FRAME } from '../../src/memory/frames.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM, rigOf } from './rig.js';
import { copy, rig2 } from './version2-rig.js';

const PERMIT = GTF.permit_access;
const PART = GTF.permit_access | GTF.sub_page;

describe('set_version', () => {
  it('is refused by a build that has version 1 only, and says so in the structure each time', () => {
    const [a] = rigOf([{}]) as [Party];
    for (const [version, result] of [
      [0, -22],
      [1, 0],
      [2, -38],
      [3, -22],
      [0xffff_ffff, -22],
    ]) {
      expect(a.one('setVersion', { version })).toMatchObject({ version: 1, result });
    }
  });

  it('keeps the reserved entries in both directions, with who uses them, and empties the others', () => {
    const [a, b] = rigOf([{}, {}], { grantVersion: 2 }) as [Party, Party];
    a.grant(1, b, DATA_FRAME);
    a.grant(2, b, DATA_FRAME + 1, PERMIT | GTF.readonly);
    a.grant(8, b, DATA_FRAME);
    b.map(a, 1, HOLE_FRAME);
    expect(a.one('setVersion', { version: 2 }).result).toBe(0);
    const words = Array.from({ length: 36 }, (_, i) => a.table.load(i));
    expect(words.slice(4, 8)).toEqual([(b.id << 16) | PERMIT, 0, DATA_FRAME, 0]);
    expect(words.slice(8, 12)).toEqual([(b.id << 16) | PERMIT | GTF.readonly, 0, DATA_FRAME + 1, 0]);
    expect(words.slice(32)).toEqual([0, 0, 0, 0]);
    expect(a.domain.grants.shared.readStatus(1)).toBe(0x18);
    expect(a.one('setVersion', { version: 1 }).result).toBe(0);
    expect(a.entry(1)).toBe((b.id << 16) | 0x19);
    expect(a.table.load(3)).toBe(DATA_FRAME);
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
    expect(a.flags(1)).toBe(PERMIT);
  });

  it('is EBUSY while an entry that is not reserved is in use', () => {
    const [a, b] = rigOf([{}, {}], { grantVersion: 2 }) as [Party, Party];
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    expect(a.one('setVersion', { version: 2 })).toMatchObject({ version: 1, result: -16 });
    b.unmap(0, HOLE_FRAME);
    expect(a.one('setVersion', { version: 2 })).toMatchObject({ version: 2, result: 0 });
  });

  it('is ERANGE for reserved entries that version 1 cannot say, and drops those without access', () => {
    const [a] = rig2(2) as [Party, Party];
    a.grant2(3, (2 << 16) | GTF.transitive, 1, 5);
    expect(a.one('setVersion', { version: 1 })).toMatchObject({ version: 2, result: -34 });
    a.grant2(3, (2 << 16) | PERMIT, 0, DATA_FRAME, 1);
    expect(a.one('setVersion', { version: 1 })).toMatchObject({ version: 2, result: -34 });
    a.grant2(3, (2 << 16) | GTF.accept_transfer, 0, DATA_FRAME, 1);
    expect(a.one('setVersion', { version: 1 })).toMatchObject({ version: 1, result: 0 });
    expect([a.entry(3), a.table.load(7)]).toEqual([0, 0]);
  });

  it('back to 1 takes the status frames away, and ends a guest that has granted one of them', () => {
    const [a, b] = rig2(2) as [Party, Party];
    a.domain.memory.map.set(HOLE_FRAME, 'ram', a.domain.grants.frames(STATUS_FRAME_INDEX));
    expect(a.one('setVersion', { version: 1 }).result).toBe(0);
    expect(a.see(HOLE_FRAME)).toBe('hole');
    expect(a.one('getStatusFrames', { dom: DOMID_SELF, nr_frames: 1, frame_list: RAM }).status).toBe(-1);

    b.domain.memory.map.set(HOLE_FRAME, 'ram', b.domain.grants.frames(STATUS_FRAME_INDEX));
    b.grant2(1, (1 << 16) | PERMIT, 0, HOLE_FRAME);
    expect(a.map(b, 1, HOLE_FRAME + 1).status).toBe(0);
    expect(b.one('setVersion', { version: 1 })).toMatchObject({ version: 2, result: -16 });
    expect(b.domain.life.isShutDown).toBe(true);
  });
});

describe('the frames of version 2', () => {
  it('have half as many entries, and one status frame for eight', () => {
    const [a] = rig2(2) as [Party, Party];
    const { grants } = a.domain;
    expect(grants.shared.entries).toBe(256);
    expect(a.one('setupTable', { dom: DOMID_SELF, nr_frames: 9, frame_list: RAM + 0x2000 }).status).toBe(0);
    expect(grants.shared.statusPages.length).toBe(2);
    expect(grants.frames(STATUS_FRAME_INDEX + 1)).toBe(grants.shared.statusPages[1]);
    a.domain.memory.map.set(HOLE_FRAME, 'ram', grants.frames(STATUS_FRAME_INDEX + 1));
    expect(a.one('getStatusFrames', { dom: DOMID_SELF, nr_frames: 2, frame_list: RAM + 0x2000 }).status).toBe(0);
    const list = new BigUint64Array(a.take(RAM + 0x2000, 16).buffer);
    expect(Array.from(list)).toEqual([0xffff_ffff_ffff_ffffn, BigInt(HOLE_FRAME)]);
    expect(a.one('getStatusFrames', { dom: DOMID_SELF, nr_frames: 3, frame_list: RAM }).status).toBe(-1);
  });

  it('grow by a status frame that is asked for, up to the limit', () => {
    const [a] = rig2(1) as [Party];
    const { grants } = a.domain;
    expect(grants.frames(STATUS_FRAME_INDEX + 7)?.frame).toBe(NO_FRAME);
    expect([grants.shared.pages.length, grants.shared.statusPages.length]).toEqual([64, 8]);
    expect(grants.frames(STATUS_FRAME_INDEX + 8)).toBeUndefined();
    expect(grants.frames(64)).toBeUndefined();
    expect([grants.frames(-1), grants.frames(Number.NaN)]).toEqual([undefined, undefined]);
    expect([grants.grow(64), grants.grow(-1), grants.grow(63)]).toEqual([-22, -22, 0]);
  });

  it('of version 1 have no status frames', () => {
    const [a] = rigOf([{}]) as [Party];
    expect(a.domain.grants.frames(STATUS_FRAME_INDEX)).toBeUndefined();
  });
});

describe('grants of version 2', () => {
  it('leave flags alone and tell of their use in the status word', () => {
    const [a, b] = rig2(2) as [Party, Party];
    a.grant2(9, (b.id << 16) | PERMIT, 0xdead, DATA_FRAME);
    a.grant2(8, (b.id << 16) | PERMIT, 0xdead, DATA_FRAME + 1);
    expect(b.map(a, 9, HOLE_FRAME).status).toBe(0);
    expect(b.map(a, 8, HOLE_FRAME + 1, 6).status).toBe(0);
    expect(b.see(HOLE_FRAME) + b.see(HOLE_FRAME + 1)).toBe('A page 0A page 1');
    expect(a.table.load(36) & 0xffff).toBe(PERMIT);
    const { shared } = a.domain.grants;
    expect([shared.readStatus(8), shared.readStatus(9), shared.readStatus(10)]).toEqual([0x08, 0x18, 0]);
    expect(shared.statusPages[0]?.words.load(4)).toBe(0x0018_0008);
    b.unmap(0, HOLE_FRAME);
    b.unmap(1, HOLE_FRAME + 1);
    expect(shared.statusPages[0]?.words.load(4)).toBe(0);
  });

  it('have frames of 64 bits', () => {
    const [a, b] = rig2(2) as [Party, Party];
    const frame = 2 ** 32 + 5;
    a.domain.memory.map.set(frame, 'ram', a.domain.memory.pages.take(frame));
    a.grant2(8, (b.id << 16) | PERMIT, 0, 5, 1);
    a.grant2(9, (b.id << 16) | PERMIT, 0, 5, 0x1000);
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(0);
    expect(b.map(a, 9, HOLE_FRAME).status).toBe(-9);
  });

  it.each([
    ['no access', GTF.invalid, 2],
    ['a transitive grant', GTF.transitive, 2],
    ['a part of a page', PART, 2],
    ['another domain', PERMIT, 7],
    ['a readonly entry', PERMIT | GTF.readonly, 2],
  ])('refuse to be mapped writable for %s', (_, flags, user) => {
    const [a, b] = rig2(2) as [Party, Party];
    a.grant2(8, (user << 16) | flags, 0, DATA_FRAME);
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    expect(a.domain.grants.shared.readStatus(8)).toBe(0);
  });

  it('of a part of a page are copied within it only', () => {
    const [a, b] = rig2(2) as [Party, Party];
    a.grant2(8, (b.id << 16) | PART, 2 | (4 << 16), DATA_FRAME);
    expect(copy(b, a, 8, 2, 4)).toBe(0);
    expect(b.see(DATA_FRAME + 4, 4)).toBe('page');
    for (const [offset, length] of [
      [1, 4],
      [2, 5],
      [6, 1],
      [0, 1],
    ]) {
      expect(copy(b, a, 8, offset, length)).toBe(-1);
    }
    expect(copy(b, a, 8, 0xfff, 2)).toBe(-10);
    expect(copy(b, a, 8, 6, 0)).toBe(0);
    expect(a.domain.grants.inUse(8)).toBeUndefined();
  });

  it('of a part beyond the page never let anything beyond the page be copied', () => {
    const [a, b] = rig2(2) as [Party, Party];
    a.grant2(8, (b.id << 16) | PART, 0x0f00 | (0xffff << 16), DATA_FRAME);
    expect(copy(b, a, 8, 0xf00, 0x100)).toBe(0);
    expect(copy(b, a, 8, 0xf00, 0x101)).toBe(-10);
    a.grant2(8, (b.id << 16) | PART, 0xffff | (0xffff << 16), DATA_FRAME);
    expect(copy(b, a, 8, 0, 8)).toBe(-1);
  });

  it('are swapped with their status', () => {
    const [a, b] = rig2(2) as [Party, Party];
    a.grant2(8, (b.id << 16) | PART, 2 | (4 << 16), DATA_FRAME, 0);
    a.grant2(9, 1, 2, 3, 4);
    a.domain.grants.shared.writeStatus(9, 0x18);
    expect(a.one('swapGrantRef', { ref_a: 8, ref_b: 9 }).status).toBe(0);
    expect(Array.from({ length: 8 }, (_, i) => a.table.load(32 + i))).toEqual([
      1,
      2,
      3,
      4,
      (b.id << 16) | PART,
      2 | (4 << 16),
      DATA_FRAME,
      0,
    ]);
    expect(a.domain.grants.shared.readStatus(8)).toBe(0x18);
    expect(a.domain.grants.shared.readStatus(9)).toBe(0);
  });
});
