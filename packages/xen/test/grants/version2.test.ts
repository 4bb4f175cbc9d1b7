import { describe, expect, it } from 'vitest';
import { GTF } from '../../src/abi/grant-flags.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { STATUS_FRAME_INDEX } from '../../src/grants/grant-table.js';
import { NO_FRAME } from '../../src/memory/frames.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM, RAM_FRAME, rigOf } from './rig.js';

const PERMIT = GTF.permit_access;
const PART = GTF.permit_access | GTF.sub_page;

/** Domains whose tables are of version 2. */
function rig2(count: number): readonly Party[] {
  const parties = rigOf(
    Array.from({ length: count }, () => ({})),
    { grantVersion: 2 },
  );
  for (const [i, party] of parties.entries()) {
    expect(party.one('setVersion', { version: 2 })).toMatchObject({ version: 2, result: 0 });
    party.say(DATA_FRAME, `${'ABCD'[i]} page 0`);
    party.say(DATA_FRAME + 1, `${'ABCD'[i]} page 1`);
  }
  return parties;
}

function copy(to: Party, from: Party, ref: number, offset = 0, len = 8, write = false): number {
  const granted = { u: { gmfn: BigInt(ref) }, domid: from.id, offset };
  const own = { u: { gmfn: BigInt(DATA_FRAME + 4) }, domid: DOMID_SELF, offset: 0 };
  const op = write ? { source: own, dest: granted, flags: 2 } : { source: granted, dest: own, flags: 1 };
  return to.one('copy', { ...op, len }).status;
}

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

describe('transitive grants', () => {
  /** A grants to B, who passes it on to C. */
  function chain(flagsOfA: number = PERMIT, second = 0): readonly [Party, Party, Party] {
    const [a, b, c] = rig2(3) as [Party, Party, Party];
    a.grant2(8, (b.id << 16) | flagsOfA, second, DATA_FRAME);
    b.grant2(9, (c.id << 16) | GTF.transitive, a.id, 8);
    return [a, b, c];
  }

  it('are copied from and to as if the page were the one who passes it on', () => {
    const [a, b, c] = chain();
    expect(copy(c, b, 9)).toBe(0);
    expect(c.see(DATA_FRAME + 4)).toBe('A page 0');
    c.say(DATA_FRAME + 4, 'C was in');
    expect(copy(c, b, 9, 0, 8, true)).toBe(0);
    expect(a.see(DATA_FRAME)).toBe('C was in');
    for (const { domain } of [a, b]) {
      expect(domain.grants.nextInUse(0, 256)).toBe(-1);
      expect([domain.grants.shared.readStatus(8), domain.grants.shared.readStatus(9)]).toEqual([0, 0]);
    }
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
  });

  it('go no further than the grant behind them', () => {
    const [a, b, c] = chain(PERMIT | GTF.readonly);
    expect(copy(c, b, 9, 0, 8, true)).toBe(-1);
    expect(copy(c, b, 9)).toBe(0);
    a.grant2(8, (b.id << 16) | PART, 2 | (4 << 16), DATA_FRAME);
    expect(copy(c, b, 9, 2, 4)).toBe(0);
    expect(copy(c, b, 9, 2, 5)).toBe(-1);
    a.grant2(8, (c.id << 16) | PERMIT, 0, DATA_FRAME);
    expect(copy(c, b, 9)).toBe(-1);
  });

  it('work through a table of version 1 behind', () => {
    const [a, b, c] = chain();
    a.one('setVersion', { version: 1 });
    a.grant(8, b, DATA_FRAME);
    expect(copy(c, b, 9)).toBe(0);
    expect(a.flags(8)).toBe(PERMIT);
  });

  it('may lead back to the one who copies', () => {
    const [a, b, c] = chain();
    c.grant2(8, (b.id << 16) | PERMIT, 0, DATA_FRAME + 1);
    b.grant2(9, (c.id << 16) | GTF.transitive, c.id, 8);
    expect(copy(c, b, 9)).toBe(0);
    expect(c.see(DATA_FRAME + 4)).toBe('C page 1');
    expect(a.domain.grants.nextInUse(0, 256)).toBe(-1);
  });

  it.each<[string, (a: Party, b: Party, c: Party) => void, number]>([
    ['another transitive one', (a, b, c) => a.grant2(8, (b.id << 16) | GTF.transitive, c.id, 1), -1],
    ['the one who passes it on', (_, b, c) => b.grant2(9, (c.id << 16) | GTF.transitive, b.id, 8), -1],
    ['a domain that is not there', (_, b, c) => b.grant2(9, (c.id << 16) | GTF.transitive, 77, 8), -1],
    ['a reference beyond the table', (a, b, c) => b.grant2(9, (c.id << 16) | GTF.transitive, a.id, 256), -3],
    ['a hole', (a, b) => a.grant2(8, (b.id << 16) | PERMIT, 0, HOLE_FRAME), -9],
    ['nobody', (a) => a.grant2(8, 0, 0, DATA_FRAME), -1],
  ])('are refused with %s behind', (_, change, status) => {
    const [a, b, c] = chain();
    change(a, b, c);
    expect(copy(c, b, 9)).toBe(status);
    for (const { domain } of [a, b]) expect(domain.grants.nextInUse(0, 256)).toBe(-1);
    expect(b.domain.grants.shared.readStatus(9)).toBe(0);
  });

  it('are refused for mapping', () => {
    const [, b, c] = chain();
    expect(c.map(b, 9, HOLE_FRAME, 6).status).toBe(-1);
  });

  it('of an entry that is mapped as a page of its own are told to try again, and no call hangs', () => {
    const [a, b, c] = chain();
    b.grant2(9, (c.id << 16) | PERMIT, 0, DATA_FRAME);
    expect(c.map(b, 9, HOLE_FRAME).status).toBe(0);
    b.grant2(9, (c.id << 16) | GTF.transitive, a.id, 8);
    expect(copy(c, b, 9)).toBe(-12);
    expect(a.domain.grants.nextInUse(0, 256)).toBe(-1);
    expect(c.unmap(0, HOLE_FRAME)).toBe(0);
    expect(copy(c, b, 9)).toBe(0);
  });

  it('keep their use through a list, and the last one ends it', () => {
    const [a, b, c] = chain();
    const granted = { u: { gmfn: 9n }, domid: b.id, offset: 0 };
    const own = { u: { gmfn: BigInt(DATA_FRAME + 4) }, domid: DOMID_SELF, offset: 0 };
    const back = { source: own, dest: granted, flags: 2, len: 4 };
    const list = [{ source: granted, dest: own, flags: 1, len: 8 }, back, back];
    expect(c.list('copy', list).map(({ status }) => status)).toEqual([0, 0, 0]);
    for (const { domain } of [a, b]) expect(domain.grants.nextInUse(0, 256)).toBe(-1);
    expect(RAM_FRAME).toBeLessThan(DATA_FRAME);
  });
});
