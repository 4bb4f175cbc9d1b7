import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GTF } from '../../src/abi/grant-flags.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { STATUS_FRAME_INDEX } from '../../src/grants/grant-table.js';
import { type HostileWords, hostile } from './hostile-words.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM_FRAME, rigOf } from './rig.js';

const B = 2;
const PERMIT_B = (B << 16) | GTF.permit_access;
/** The words of entry 8. */
const HEADER = 16;
const FRAME = 17;

function rig(): readonly [Party, Party, HostileWords] {
  const [a, b] = rigOf([{}, {}]) as [Party, Party];
  a.say(DATA_FRAME, 'A page 0');
  a.say(DATA_FRAME + 1, 'A page 1');
  const words = hostile(a.domain.grants.frames(0));
  words.words[HEADER] = PERMIT_B;
  words.words[FRAME] = DATA_FRAME;
  return [a, b, words];
}

function copy(b: Party, ref = 8): number {
  const source = { u: { gmfn: BigInt(ref) }, domid: 1, offset: 0 };
  const dest = { u: { gmfn: BigInt(DATA_FRAME) }, domid: DOMID_SELF, offset: 0 };
  return b.one('copy', { source, dest, flags: 1, len: 8 }).status;
}

describe('grant entries that change under Xen’s hands (double fetch)', () => {
  it('are fetched once each by a mapping: flags and domain together, the frame', () => {
    const [a, b, words] = rig();
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(0);
    expect(words.seen).toEqual([
      ['load', HEADER],
      ['compareExchange', HEADER],
      ['load', FRAME],
    ]);
  });

  it('are not looked at again by further mappings and copies of the same kind', () => {
    const [a, b, words] = rig();
    b.map(a, 8, HOLE_FRAME);
    words.seen.length = 0;
    b.map(a, 8, HOLE_FRAME + 1);
    copy(b);
    expect(words.seen).toEqual([]);
  });

  it('map the frame that was fetched, whatever frame stands there at the end', () => {
    const [a, b, words] = rig();
    words.after = (access, index) => {
      if (access === 'load' && index === FRAME) words.words[FRAME] = DATA_FRAME + 1;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(0);
    expect(b.see(HOLE_FRAME)).toBe('A page 0');
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
    expect(a.domain.memory.page(DATA_FRAME + 1)?.references).toBe(0);
  });

  it('never map a frame that the granter has not: a hole that appears late is refused and marks are taken back', () => {
    const [a, b, words] = rig();
    words.after = (access) => {
      if (access === 'compareExchange') words.words[FRAME] = HOLE_FRAME;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-9);
    expect(words.words[HEADER]).toBe(PERMIT_B);
  });

  it('that are copied from twice in a list are fetched once', () => {
    const [, b, words] = rig();
    const source = { u: { gmfn: 8n }, domid: 1, offset: 0 };
    const dest = { u: { gmfn: BigInt(DATA_FRAME) }, domid: DOMID_SELF, offset: 0 };
    const op = { source, dest, flags: 1, len: 8 };
    b.list('copy', [op, op, op]);
    expect([words.count('load', HEADER), words.count('load', FRAME)]).toEqual([1, 1]);
  });
});

describe('grant reference races', () => {
  it('of a domain that changes between check and mark end without a mapping', () => {
    const [a, b, words] = rig();
    words.after = (access, index) => {
      if (access === 'load' && index === HEADER) words.words[HEADER] = (7 << 16) | GTF.permit_access;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    expect(words.words[HEADER]).toBe((7 << 16) | GTF.permit_access);
    expect(a.domain.grants.inUse(8)).toBeUndefined();
  });

  it('of an entry that is taken back between check and mark end without a mapping', () => {
    const [a, b, words] = rig();
    words.after = (access) => {
      if (access === 'load') words.words[HEADER] = 0;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    expect(words.words[HEADER]).toBe(0);
  });

  it('of an entry that becomes readonly between check and mark are lost by a writable mapping, not by a readonly one', () => {
    const [a, b, words] = rig();
    words.after = (access) => {
      if (access === 'load' && words.words[HEADER] === PERMIT_B) words.words[HEADER] = PERMIT_B | GTF.readonly;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    words.words[HEADER] = PERMIT_B;
    expect(b.map(a, 8, HOLE_FRAME, 6).status).toBe(0);
    expect(words.words[HEADER]).toBe(PERMIT_B | GTF.readonly | GTF.reading);
  });

  it('of an entry that never stands still are given up after five tries', () => {
    const [a, b, words] = rig();
    words.after = () => {
      words.words[HEADER] = (words.words[HEADER] as number) ^ 0x8000;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    expect(words.count('compareExchange', HEADER)).toBe(5);
    expect(copy(b)).toBe(-1);
    expect(words.count('compareExchange', HEADER)).toBe(10);
    expect(b.see(HOLE_FRAME)).toBe('hole');
  });

  it('of an entry that changes four times are won at the fifth try', () => {
    const [a, b, words] = rig();
    words.after = (_, index) => {
      if (index === HEADER && words.seen.length < 5) words.words[HEADER] = (words.words[HEADER] as number) ^ 0x8000;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(0);
    expect(words.count('compareExchange', HEADER)).toBe(5);
  });

  it('while an entry is in use cannot undo its use: only its marks are ever changed at the end', () => {
    const [a, b, words] = rig();
    b.map(a, 8, HOLE_FRAME);
    words.words[HEADER] = 0x1234_ffff | 0;
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
    expect(words.words[HEADER]).toBe(0x1234_ffe7);
  });

  it('of version 2: a permission taken back before the second look is found, and the status word is cleared', () => {
    const [a, b] = rigOf([{}, {}], { grantVersion: 2 }) as [Party, Party];
    a.one('setVersion', { version: 2 });
    const words = hostile(a.domain.grants.frames(0));
    const status = hostile(a.domain.grants.frames(STATUS_FRAME_INDEX));
    words.words[4 * 8] = PERMIT_B;
    words.words[4 * 8 + 2] = DATA_FRAME;
    const marks: number[] = [];
    status.after = (access) => {
      marks.push(status.words[4] as number);
      if (access === 'or') words.words[4 * 8] = 0;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    expect(marks).toEqual([0x18, 0]);
    words.words[4 * 8] = PERMIT_B;
    status.after = (access) => {
      if (access === 'or') words.words[4 * 8] = PERMIT_B | GTF.readonly;
    };
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-1);
    expect(status.words[4]).toBe(0);
    expect(b.map(a, 8, HOLE_FRAME, 6).status).toBe(0);
    words.words[4 * 8] = PERMIT_B;
    expect(b.map(a, 8, HOLE_FRAME + 1).status).toBe(-1);
    expect(status.words[4]).toBe(0x08);
  });

  it('of version 2: a part is the one that was fetched, with its page', () => {
    const [a, b] = rigOf([{}, {}], { grantVersion: 2 }) as [Party, Party];
    a.say(DATA_FRAME, 'A page 0');
    a.one('setVersion', { version: 2 });
    const words = hostile(a.domain.grants.frames(0));
    words.words[4 * 8] = PERMIT_B | GTF.sub_page;
    words.words[4 * 8 + 1] = 8 << 16;
    words.words[4 * 8 + 2] = DATA_FRAME;
    words.after = (access, index) => {
      if (access === 'load' && index !== 4 * 8) words.words[index] = -1;
    };
    expect(copy(b)).toBe(0);
    expect(b.see(DATA_FRAME)).toBe('A page 0');
    for (const index of [33, 34, 35]) expect(words.count('load', index)).toBe(1);
  });

  it('of the domain behind a transitive grant go by what was fetched once', () => {
    const [a, b, c] = rigOf([{}, {}, {}], { grantVersion: 2 }) as [Party, Party, Party];
    c.say(DATA_FRAME, 'C page 0');
    a.one('setVersion', { version: 2 });
    c.grant(8, a, DATA_FRAME);
    const words = hostile(a.domain.grants.frames(0));
    words.words[4 * 8] = (B << 16) | GTF.transitive;
    words.words[4 * 8 + 1] = c.id;
    words.words[4 * 8 + 2] = 8;
    words.after = (access, index) => {
      if (access === 'load' && index === 33) words.words[33] = a.id;
    };
    expect(copy(b)).toBe(0);
    expect(b.see(DATA_FRAME)).toBe('C page 0');
    expect([words.count('load', 33), words.count('load', 34)]).toEqual([1, 1]);
    expect(c.domain.grants.nextInUse(0, 512)).toBe(-1);
  });

  it('of any kind never throw, never reach a page that no entry ever gave, and leave no reference', () => {
    const header = fc.constantFrom(PERMIT_B, PERMIT_B | 4, 0, (7 << 16) | 1, (B << 16) | 3, PERMIT_B | GTF.sub_page);
    const frame = fc.constantFrom(DATA_FRAME, DATA_FRAME + 1, RAM_FRAME, HOLE_FRAME, -1, 0);
    const change = fc.record({ header: fc.option(header, { nil: undefined }), frame, at: fc.nat(6) });
    const action = fc.record({ kind: fc.constantFrom('map', 'read', 'copy', 'unmap'), which: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.constantFrom(1 as const, 2 as const),
        fc.array(change),
        fc.array(action),
        (version, changes, actions) => {
          const [a, b] = rigOf([{}, {}], { grantVersion: 2 }) as [Party, Party];
          a.one('setVersion', { version });
          const words = hostile(a.domain.grants.frames(0));
          const per = version === 1 ? 2 : 4;
          const frameAt = per * 8 + (version === 1 ? 1 : 2);
          const given = new Set([DATA_FRAME]);
          words.words[per * 8] = PERMIT_B;
          words.words[frameAt] = DATA_FRAME;
          words.after = (_, __, count) => {
            const next = changes[count % Math.max(1, changes.length)];
            if (next === undefined || next.at > count % 7) return;
            if (next.header !== undefined) words.words[per * 8] = next.header;
            words.words[frameAt] = next.frame;
            given.add(next.frame);
          };
          for (const { kind, which } of actions) {
            if (kind === 'map') b.map(a, 8, HOLE_FRAME + which);
            else if (kind === 'read') b.map(a, 8, HOLE_FRAME + which, 6);
            else if (kind === 'copy') copy(b);
            else b.unmap(which, HOLE_FRAME + which);
          }
          for (let i = 0; i < 6; i++) {
            const page = b.domain.memory.map.pageAt(HOLE_FRAME + i);
            if (page === undefined) continue;
            expect([...given].map((gfn) => a.domain.memory.page(gfn))).toContain(page);
          }
          for (let handle = 0; handle < b.domain.grants.maptrack.limit; handle++) b.unmap(handle, 0x9_0000);
          expect(a.domain.grants.nextInUse(0, 512)).toBe(-1);
          for (const gfn of [DATA_FRAME, DATA_FRAME + 1, RAM_FRAME]) {
            expect(a.domain.memory.page(gfn)?.references).toBe(0);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
