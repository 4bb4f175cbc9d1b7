import fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, worldOf } from './machine.js';

interface Range {
  readonly base: number;
  readonly count: number;
  readonly action: number;
}

/** Numbers of owner 3, which nobody answers: what becomes of them is the filter's doing alone. */
const BASE = 0x8300_0000;
const SPAN = 64;

const range: fc.Arbitrary<Range> = fc.record({
  base: fc.nat(SPAN).map((n) => BASE + n),
  count: fc.integer({ min: 1, max: 8 }),
  action: fc.constantFrom(0, 1, 2),
});

test('any set of ranges: overlaps are refused, and every number is treated as its range says', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
      const { guest, vm } = worldOf({ profile: 'linux-6.12' });
      const model = new Map<number, number>();
      for (const { base, count, action } of ranges) {
        const numbers = Array.from({ length: count }, (_, n) => base + n);
        const taken = numbers.some((n) => model.has(n));
        expect(vm.setSmcccFilter({ base, count, action })).toBe(taken ? 'EEXIST' : 'OK');
        if (!taken) for (const n of numbers) model.set(n, action);
      }
      for (let n = BASE - 1; n <= BASE + SPAN + 9; n += 3) {
        const { kind } = call(guest, 0, n);
        expect(kind).toBe(model.get(n) === 2 ? 'exit' : 'returned');
        if (kind === 'exit') guest.decide(guest.vcpus[0] as never, { kind: 'returned' });
      }
    }),
    { numRuns: 60 },
  );
});
