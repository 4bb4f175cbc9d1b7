import type { CallStep, Step } from '@trapline/recordings';
import { isEqual, MAX_DETAILS, type Report, replay } from '@trapline/replay';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subjects } from './firmware.js';
import { call, recordingOf, VERSION } from './recordings.js';

const WRONG = call('0x84000000', { x0: '0x7' });
const UNPLAYABLE = { ...VERSION, cpu: 9 } as CallStep;
const LOOK: Step = { op: 'mem', addr: '0x40000000', hex: '00' };
const WRONG_LOOK: Step = { op: 'mem', addr: '0x40000000', hex: '01' };
const UNKNOWN = { op: 'dance' } as unknown as Step;

function counts(...scenarios: (readonly Step[])[]): readonly number[] {
  const { calls, equal, different, skipped } = replay(recordingOf(scenarios), { subjects: subjects() });
  return [calls, equal, different, skipped];
}

describe('the counting of calls', () => {
  it('counts each call once, as equal, different or skipped', () => {
    expect(counts([VERSION, WRONG, UNPLAYABLE])).toEqual([3, 1, 1, 1]);
  });

  it('counts what another step shows against the call before it', () => {
    expect(counts([VERSION, VERSION, WRONG_LOOK, VERSION])).toEqual([3, 2, 1, 0]);
    expect(counts([VERSION, UNKNOWN, VERSION])).toEqual([2, 1, 0, 1]);
  });

  it('counts what a step before the first call shows against that call', () => {
    expect(counts([WRONG_LOOK, LOOK, VERSION, VERSION])).toEqual([2, 1, 1, 0]);
  });

  it('never counts against a call of another scenario', () => {
    expect(counts([VERSION], [WRONG_LOOK, VERSION])).toEqual([2, 1, 1, 0]);
  });

  it('counts a scenario without calls as one', () => {
    expect(counts([LOOK, LOOK])).toEqual([1, 1, 0, 0]);
    expect(counts([LOOK, WRONG_LOOK, WRONG_LOOK])).toEqual([1, 0, 1, 0]);
    expect(counts([])).toEqual([1, 1, 0, 0]);
  });

  it('counts a call once that is different in several ways, and as different where it is skipped too', () => {
    expect(counts([call('0x84000000', { x0: '0x7', x1: '0x7' }), WRONG_LOOK])).toEqual([1, 0, 1, 0]);
    expect(counts([WRONG, UNKNOWN])).toEqual([1, 0, 1, 0]);
  });

  it('always adds up', () => {
    const step = fc.constantFrom<Step>(VERSION, WRONG, UNPLAYABLE, LOOK, WRONG_LOOK, UNKNOWN);
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 4 }), (scenarios) => {
        const [calls = 0, equal = 0, different = 0, skipped = 0] = counts(...scenarios);
        const expected = scenarios.map((steps) => Math.max(1, steps.filter(({ op }) => op === 'call').length));
        expect(calls).toBe(expected.reduce((sum, n) => sum + n, 0));
        expect(equal + different + skipped).toBe(calls);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps a limited number of details and counts the rest', () => {
    const many = call('0x84000000', Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`x${n}`, '0x1'])));
    const steps = Array.from({ length: 400 }, () => many);
    const report = replay(recordingOf([steps]), { subjects: subjects() });
    expect(report.details).toHaveLength(MAX_DETAILS);
    expect(report.omitted).toBe(31 * 400 - MAX_DETAILS);
    expect(report.different).toBe(400);
  });
});

describe('isEqual', () => {
  const file = { file: 'f', calls: 1, equal: 1, different: 0, skipped: 0, details: [], omitted: 0 };
  it.each<[boolean, Report]>([
    [true, { files: [file, file] }],
    [true, { files: [] }],
    [false, { files: [file, { ...file, equal: 0, different: 1 }] }],
    [false, { files: [{ ...file, equal: 0, skipped: 1 }, file] }],
  ])('is %s for %j', (equal, report) => {
    expect(isEqual(report)).toBe(equal);
  });
});
