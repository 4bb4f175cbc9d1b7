import { describe, expect, it } from 'vitest';
import { GTF } from '../../src/abi/grant-flags.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { DATA_FRAME, HOLE_FRAME, type Party } from './rig.js';
import { copy, rig2 } from './version2-rig.js';

const PERMIT = GTF.permit_access;
const PART = GTF.permit_access | GTF.sub_page;

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
  });
});
