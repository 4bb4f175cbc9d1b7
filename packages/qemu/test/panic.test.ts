import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PanicWatch } from '../src/run/end.js';

const LINE = 'Kernel panic - not syncing: sysrq triggered crash';

test('a panic is seen in a console’s text however it is cut, and nothing else is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\r\n', 'Kernel panic'), maxLength: 300 }),
      fc.string({ maxLength: 3000 }),
      fc.array(fc.integer({ min: 1, max: 900 })),
      (before, after, cuts) => {
        const bytes = Buffer.from(`${before}[    4.2] ${LINE}\r\n${after}`);
        const watch = new PanicWatch();
        const seen: (string | undefined)[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          seen.push(watch.seen(bytes.subarray(at, at + cut)));
          at += cut;
        }
        expect(seen.find((line) => line !== undefined)).toBe(LINE);
        expect(new PanicWatch().seen(Buffer.from(before))).toBeUndefined();
      },
    ),
  );
});
