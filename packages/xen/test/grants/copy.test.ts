import { describe, expect, it } from 'vitest';
import { GNTCOPY, GTF } from '../../src/abi/grant-flags.js';
import { GNTST } from '../../src/abi/grant-status.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM_FRAME, rigOf } from './rig.js';

const FROM = GNTCOPY.source_gref;
const TO = GNTCOPY.dest_gref;

interface Side {
  readonly ref?: number;
  readonly frame?: number | bigint;
  readonly domid?: number;
  readonly offset?: number;
}

function side({ ref, frame, domid = DOMID_SELF, offset = 0 }: Side): object {
  return { u: { gmfn: BigInt(ref ?? frame ?? 0) }, domid, offset };
}

function op(source: Side, dest: Side, len: number, flags: number): object {
  return { source: side(source), dest: side(dest), len, flags };
}

function pair(policy: 'dummy' | 'silo' = 'dummy'): readonly [Party, Party] {
  const [a, b] = rigOf([{}, {}], { policy }) as [Party, Party];
  a.say(DATA_FRAME, 'A page 0');
  a.say(DATA_FRAME + 1, 'A page 1');
  b.say(DATA_FRAME, 'B page 0');
  b.say(DATA_FRAME + 1, 'B page 1');
  a.grant(20, b, DATA_FRAME);
  a.grant(21, b, DATA_FRAME + 1, GTF.permit_access | GTF.readonly);
  b.grant(20, a, DATA_FRAME);
  return [a, b];
}

describe('a copy', () => {
  it('goes from a grant to a frame of the caller, and leaves the entry as it was', () => {
    const [a, b] = pair();
    const done = b.one('copy', op({ ref: 20, domid: 1 }, { frame: DATA_FRAME + 2, offset: 4 }, 8, FROM));
    expect(done).toMatchObject({ status: 0, result: 0 });
    expect(b.see(DATA_FRAME + 2, 12)).toBe('\0\0\0\0A page 0');
    expect(a.flags(20)).toBe(GTF.permit_access);
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(0);
  });

  it('goes from a frame of the caller to a grant', () => {
    const [a, b] = pair();
    expect(b.one('copy', op({ frame: DATA_FRAME }, { ref: 20, domid: 1, offset: 8 }, 8, TO)).status).toBe(0);
    expect(a.see(DATA_FRAME, 16)).toBe('A page 0B page 0');
  });

  it('goes between two grants of one domain, the same page included, where bytes that overlap go by pieces', () => {
    const [a, b] = pair();
    const both = FROM | TO;
    expect(b.one('copy', op({ ref: 21, domid: 1 }, { ref: 20, domid: 1, offset: 8 }, 8, both)).status).toBe(0);
    expect(a.see(DATA_FRAME, 16)).toBe('A page 0A page 1');
    expect(b.one('copy', op({ ref: 20, domid: 1 }, { ref: 20, domid: 1, offset: 4 }, 12, both)).status).toBe(0);
    expect(a.see(DATA_FRAME, 16)).toBe('A paA page 0ge 0');
  });

  it('goes between two frames of the caller, and to itself by its own grant', () => {
    const [, b] = pair();
    expect(b.one('copy', op({ frame: DATA_FRAME }, { frame: DATA_FRAME + 1 }, 8, 0)).status).toBe(0);
    expect(b.see(DATA_FRAME + 1)).toBe('B page 0');
    b.grant(22, b, DATA_FRAME + 3);
    expect(b.one('copy', op({ frame: DATA_FRAME }, { ref: 22 }, 8, TO)).status).toBe(0);
    expect(b.see(DATA_FRAME + 3)).toBe('B page 0');
  });

  it.each<[string, Side, Side, number, number, number]>([
    ['a readonly grant as destination', { frame: DATA_FRAME }, { ref: 21, domid: 1 }, 8, TO, GNTST.general_error],
    ['a frame of another', { frame: DATA_FRAME, domid: 1 }, { frame: DATA_FRAME }, 8, 0, GNTST.permission_denied],
    ['its own frame by its number', { frame: DATA_FRAME, domid: 2 }, { frame: DATA_FRAME }, 8, 0, -8],
    ['a destination of another', { ref: 20, domid: 1 }, { frame: DATA_FRAME, domid: 1 }, 8, FROM, -8],
    ['a domain that is not there', { ref: 20, domid: 9 }, { frame: DATA_FRAME }, 8, FROM, GNTST.bad_domain],
    ['a destination domain that is not there', { ref: 20, domid: 1 }, { ref: 1, domid: 9 }, 8, 3, GNTST.bad_domain],
    ['a reference beyond the table', { ref: 512, domid: 1 }, { frame: DATA_FRAME }, 8, FROM, GNTST.bad_gntref],
    ['an empty entry', { ref: 500, domid: 1 }, { frame: DATA_FRAME }, 8, FROM, GNTST.general_error],
    ['its own grant for another', { ref: 20 }, { frame: DATA_FRAME }, 8, FROM, GNTST.general_error],
    ['a hole', { frame: HOLE_FRAME }, { frame: DATA_FRAME }, 8, 0, GNTST.bad_page],
    ['to a hole', { frame: DATA_FRAME }, { frame: HOLE_FRAME }, 8, 0, GNTST.bad_page],
    ['a frame of more than 44 bits', { frame: 1n << 60n }, { frame: DATA_FRAME }, 8, 0, GNTST.bad_page],
    ['more than the source page', { ref: 20, domid: 1, offset: 0xff8 }, { frame: DATA_FRAME }, 9, FROM, -10],
    ['more than the destination page', { ref: 20, domid: 1 }, { frame: DATA_FRAME, offset: 0xff8 }, 9, FROM, -10],
    ['an offset of no page', { ref: 20, domid: 1, offset: 0xffff }, { frame: DATA_FRAME }, 1, FROM, -10],
    ['a length of 65535', { ref: 20, domid: 1 }, { frame: DATA_FRAME }, 0xffff, FROM, GNTST.bad_copy_arg],
  ])('is refused for %s, and nothing is written', (_, source, dest, len, flags, status) => {
    const [a, b] = pair();
    expect(b.one('copy', op(source, dest, len, flags))).toMatchObject({ status, result: 0 });
    expect(a.see(DATA_FRAME) + a.see(DATA_FRAME + 1)).toBe('A page 0A page 1');
    expect(b.see(DATA_FRAME) + b.see(DATA_FRAME + 1)).toBe('B page 0B page 1');
    expect([a.flags(20), a.flags(21)]).toEqual([1, 5]);
    for (const { domain } of [a, b]) expect(domain.memory.page(DATA_FRAME)?.references).toBe(0);
  });

  it('of nothing succeeds at any offset up to the end of the page', () => {
    const [, b] = pair();
    expect(b.one('copy', op({ ref: 20, domid: 1, offset: 4096 }, { frame: DATA_FRAME }, 0, FROM)).status).toBe(0);
    expect(b.one('copy', op({ ref: 20, domid: 1, offset: 4097 }, { frame: DATA_FRAME }, 0, FROM)).status).toBe(-10);
  });

  it('of nothing is not looked at from 4.19 on', () => {
    for (const [profile, status] of [
      ['xen-4.18', -2],
      ['xen-4.19', 0],
      ['xen-4.20', 0],
    ] as const) {
      const [a] = rigOf([{}], { policy: 'dummy', profile }) as [Party];
      expect(a.one('copy', op({ ref: 1, domid: 77, offset: 5000 }, { frame: HOLE_FRAME }, 0, FROM)).status).toBe(
        status,
      );
    }
  });

  it('ignores flags that it does not know and bits 32 and up of a reference', () => {
    const [, b] = pair();
    const source = { u: { gmfn: (1n << 32n) | 20n }, domid: 1, offset: 0 };
    expect(b.one('copy', { ...op({}, { frame: DATA_FRAME }, 8, 0xfffd), source }).status).toBe(0);
    expect(b.see(DATA_FRAME)).toBe('A page 0');
  });

  it('in a list goes on after an entry that fails', () => {
    const [a, b] = pair();
    const list = [500, 20, 512, 20].map((ref, i) =>
      op({ ref, domid: 1 }, { frame: DATA_FRAME + 2, offset: 8 * i }, 8, FROM),
    );
    expect(b.list('copy', list).map(({ status }) => status)).toEqual([-1, 0, -3, 0]);
    expect(b.see(DATA_FRAME + 2, 32)).toBe('\0\0\0\0\0\0\0\0A page 0\0\0\0\0\0\0\0\0A page 0');
    expect(a.flags(20)).toBe(1);
  });

  it('cannot reach a frame of another domain behind a grant of that domain in the same list', () => {
    const [a, b] = pair();
    const list = [
      op({ ref: 20, domid: 1 }, { frame: DATA_FRAME + 2 }, 8, FROM),
      op({ frame: DATA_FRAME + 1, domid: 1 }, { frame: DATA_FRAME + 3 }, 8, 0),
      op({ frame: DATA_FRAME }, { frame: DATA_FRAME + 5, domid: 1 }, 8, 0),
    ];
    expect(b.list('copy', list).map(({ status }) => status)).toEqual([0, -8, -8]);
    expect(b.see(DATA_FRAME + 3)).toBe('\0\0\0\0\0\0\0\0');
    expect(a.see(DATA_FRAME + 5)).toBe('\0\0\0\0\0\0\0\0');
  });

  it('takes no frame for the reference with the same number', () => {
    const [, b] = pair();
    b.grant(30, b, DATA_FRAME);
    const list = [
      op({ ref: 30 }, { frame: DATA_FRAME + 2 }, 8, FROM),
      op({ frame: 30 }, { frame: DATA_FRAME + 3 }, 8, 0),
    ];
    expect(b.list('copy', list).map(({ status }) => status)).toEqual([0, -9]);
  });

  it('takes neither from nor to what is mapped from another, but its own shared pages', () => {
    const [a, b] = pair();
    b.map(a, 20, HOLE_FRAME);
    expect(b.one('copy', op({ frame: HOLE_FRAME }, { frame: DATA_FRAME }, 8, 0)).status).toBe(GNTST.bad_page);
    expect(b.one('copy', op({ frame: DATA_FRAME }, { frame: HOLE_FRAME }, 8, 0)).status).toBe(GNTST.bad_page);
    const page = b.domain.grants.frames(0);
    b.domain.memory.map.set(HOLE_FRAME + 1, 'ram', page);
    expect(b.one('copy', op({ frame: HOLE_FRAME + 1, offset: 160 }, { frame: DATA_FRAME + 4 }, 4, 0)).status).toBe(0);
    expect(Array.from(b.take((DATA_FRAME + 4) * 4096, 4))).toEqual([1, 0, 1, 0]);
  });

  it('while mapped goes by the active entry', () => {
    const [a, b] = pair();
    b.map(a, 20, HOLE_FRAME);
    a.grant(20, 9, DATA_FRAME + 1, 0);
    expect(b.one('copy', op({ ref: 20, domid: 1 }, { frame: DATA_FRAME + 2 }, 8, FROM)).status).toBe(0);
    expect(b.see(DATA_FRAME + 2)).toBe('A page 0');
  });

  it('that would write what is in use for reading looks at the entry again, and refuses another page', () => {
    const [a, b] = pair();
    b.map(a, 20, HOLE_FRAME, 6);
    expect(b.one('copy', op({ frame: DATA_FRAME }, { ref: 20, domid: 1 }, 8, TO)).status).toBe(0);
    expect(a.flags(20)).toBe(0x09);
    a.grant(20, b, DATA_FRAME + 1, 0x09);
    expect(b.one('copy', op({ frame: DATA_FRAME }, { ref: 20, domid: 1 }, 8, TO)).status).toBe(GNTST.general_error);
    expect(a.flags(20)).toBe(0x09);
    expect(a.see(DATA_FRAME + 1)).toBe('A page 1');
    expect(a.domain.memory.page(DATA_FRAME)?.references).toBe(1);
    expect(a.domain.memory.page(DATA_FRAME + 1)?.references).toBe(0);
  });

  it('of a grant that another domain uses is refused', () => {
    const [a, b, c] = rigOf([{}, {}, {}]) as [Party, Party, Party];
    a.grant(20, b, DATA_FRAME);
    b.map(a, 20, HOLE_FRAME);
    a.grant(20, c, DATA_FRAME);
    expect(c.one('copy', op({ ref: 20, domid: 1 }, { frame: DATA_FRAME }, 8, FROM)).status).toBe(GNTST.general_error);
  });

  it('between two tables of another domain is what SILO lets through, and nothing else of it', () => {
    const [a, b] = pair('silo');
    expect(b.one('copy', op({ ref: 20, domid: 1 }, { frame: DATA_FRAME }, 8, FROM)).status).toBe(-8);
    expect(b.one('copy', op({ frame: DATA_FRAME }, { ref: 20, domid: 1 }, 8, TO)).status).toBe(-8);
    expect(b.one('copy', op({ ref: 21, domid: 1 }, { ref: 20, domid: 1 }, 8, FROM | TO)).status).toBe(0);
    expect(a.see(DATA_FRAME)).toBe('A page 1');
  });

  it('over its own list changes what comes after, not the status field of what is done', () => {
    const [a, b] = pair();
    a.put(DATA_FRAME * 4096, new Uint8Array(4096).fill(0x55));
    const [done] = b.list('copy', [op({ ref: 20, domid: 1 }, { frame: RAM_FRAME }, 40, FROM)]);
    expect(done).toMatchObject({ status: 0, len: 0x5555, result: 0 });
  });
});
