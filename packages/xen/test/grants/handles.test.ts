import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Maptrack } from '../../src/grants/maptrack.js';
import { DATA_FRAME, HOLE_FRAME, type Party, rigOf } from './rig.js';

describe('handles', () => {
  function pair(): readonly [Party, Party] {
    const [a, b] = rigOf([{}, {}]) as [Party, Party];
    a.grant(8, b, DATA_FRAME);
    a.grant(9, b, HOLE_FRAME);
    return [a, b];
  }

  it('are numbers from 0 on, each mapping the next, whatever has been given back', () => {
    const [a, b] = pair();
    const handles: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { handle } = b.map(a, 8, HOLE_FRAME);
      handles.push(handle);
      b.unmap(handle, HOLE_FRAME);
    }
    expect(handles).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([
    ['an empty entry', { ref: 10 }, true],
    ['a reference beyond the table', { ref: 5000 }, true],
    ['a hole', { ref: 9 }, true],
    ['an unknown flag', { flags: 0x22 }, true],
    ['an address that no frame has', { host_addr: 1n << 48n }, true],
    ['no flag', { flags: 0 }, false],
    ['a device mapping', { flags: 3 }, false],
    ['a table entry', { flags: 0x12 }, false],
    ['a domain that is not there', { dom: 9 }, false],
  ])('are used up by a mapping that fails for %s: %s', (_, change, takes) => {
    const [a, b] = pair();
    b.one('mapGrantRef', { host_addr: BigInt(HOLE_FRAME) << 12n, flags: 2, ref: 8, dom: a.id, ...change });
    expect(b.map(a, 8, HOLE_FRAME).handle).toBe(takes ? 1 : 0);
  });

  it('come back in the order in which they were given, after all that are left', () => {
    const track = new Maptrack(1, 1);
    const all = Array.from({ length: 255 }, () => track.take(0));
    expect(all).toEqual(Array.from({ length: 255 }, (_, i) => i));
    expect(track.take(0)).toBe(-1);
    for (const handle of [7, 3, 200]) track.give(handle);
    // The last one of a list is never taken: it is what the next is appended to.
    expect([track.take(0), track.take(0), track.take(0), track.take(0)]).toEqual([255, 7, 3, -1]);
  });

  it('grow by a frame of 256, which comes before the one that is left', () => {
    const track = new Maptrack(2, 1);
    for (let i = 0; i < 255; i++) track.take(0);
    expect(track.take(0)).toBe(256);
    expect(track.take(0)).toBe(257);
    expect(track.limit).toBe(512);
  });

  it('belong to the vCPU that took them, and one without any takes them from another', () => {
    const track = new Maptrack(1, 2);
    expect([track.take(0), track.take(0)]).toEqual([0, 1]);
    expect(track.take(1)).toBe(3);
    track.give(3);
    expect(track.take(1)).toBe(2);
    expect(track.at(3)?.vcpu).toBe(1);
    expect(track.take(0)).toBe(4);
  });

  it('that are all in use are no_space, and one that is given back can be taken', () => {
    const [a, b] = rigOf([{}, { maxMaptrackFrames: 1 }]) as [Party, Party];
    for (let ref = 8; ref < 11; ref++) a.grant(ref, b, DATA_FRAME + ref);
    for (let i = 0; i < 255; i++) expect(b.map(a, 8 + Math.floor(i / 100), HOLE_FRAME + i).handle).toBe(i);
    expect(b.map(a, 8, HOLE_FRAME + 300).status).toBe(-13);
    expect(b.unmap(17, HOLE_FRAME + 17)).toBe(0);
    expect(b.map(a, 8, HOLE_FRAME + 300)).toMatchObject({ status: 0, handle: 255 });
  });

  it('are none for a domain that may have no maptrack', () => {
    const [a, b] = rigOf([{}, { maxMaptrackFrames: 0 }]) as [Party, Party];
    a.grant(8, b, DATA_FRAME);
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(-13);
  });

  it('are never lost and never given twice, whichever vCPU takes and gives', () => {
    const step = fc.record({ vcpu: fc.nat(2), give: fc.boolean(), which: fc.nat() });
    fc.assert(
      fc.property(fc.nat(3), fc.array(step, { maxLength: 1500 }), (frames, steps) => {
        const track = new Maptrack(frames, 3);
        const taken: number[] = [];
        for (const { vcpu, give, which } of steps) {
          if (give && taken.length > 0) {
            const [handle] = taken.splice(which % taken.length, 1) as [number];
            track.give(handle);
            continue;
          }
          const handle = track.take(vcpu);
          if (handle < 0) continue;
          expect(taken).not.toContain(handle);
          taken.push(handle);
        }
        const free = [0, 1, 2].flatMap((vcpu) => track.free(vcpu));
        expect([...free, ...taken].sort((x, y) => x - y)).toEqual(Array.from({ length: track.limit }, (_, i) => i));
      }),
      { numRuns: 60 },
    );
  });
});
