import { FrameTable } from '@trapline/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Frames that share places with others, and those at the ends of what a Number holds. */
const frame = fc.oneof(
  fc.nat(0x1000),
  fc.integer({ min: 0, max: 2 ** 36 }),
  fc.constantFrom(-1, 0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 41),
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), frame, value: fc.nat() }),
  fc.record({ kind: fc.constantFrom('get' as const, 'delete' as const), frame }),
  fc.record({ kind: fc.constant('clear' as const) }),
);

describe('FrameTable', () => {
  it('gives what a map gives, in its order, whatever was asked for before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new FrameTable<number>();
        const model = new Map<number, number>();
        for (const step of steps) {
          if (step.kind === 'clear') {
            table.clear();
            model.clear();
          } else if (step.kind === 'set') {
            table.set(step.frame, step.value);
            model.set(step.frame, step.value);
          } else if (step.kind === 'delete') {
            table.delete(step.frame);
            model.delete(step.frame);
          } else {
            expect(table.get(step.frame)).toBe(model.get(step.frame));
            expect(table.has(step.frame)).toBe(model.has(step.frame));
          }
        }
        expect([...table]).toEqual([...model]);
        expect([...table.keys()]).toEqual([...model.keys()]);
        expect([...table.values()]).toEqual([...model.values()]);
        expect(table.size).toBe(model.size);
      }),
    );
  });

  it('finds a frame again after more frames than it has places', () => {
    const table = new FrameTable<number>();
    for (let frame = 0; frame < 2000; frame++) table.set(frame, frame + 1);
    for (let frame = 0; frame < 2000; frame += 7) table.delete(frame);
    for (let frame = 0; frame < 2000; frame++) expect(table.get(frame)).toBe(frame % 7 === 0 ? undefined : frame + 1);
  });
});
