import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connect, expandArray, initControl, quiet, seen, send, unmask } from './client.js';
import { RAM, rigOf, type Side } from './rig.js';

const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;

const word = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1 << 31, 1 << 30, 1 << 29, 1 << 28, 1, 2, 3, 0x1_ffff));
/** A word of shared_info, of the control block or of the array, and what the guest puts there. */
const garbage = fc.tuple(fc.constantFrom('shared' as const, CONTROL, ARRAY), fc.nat(1023), word);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('write' as const), words: fc.array(garbage, { maxLength: 40 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), to: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unmask' as const), port: fc.nat(6) }) },
);

function scribble(side: Side, words: readonly (readonly ['shared' | number, number, number])[]): void {
  for (const [where, index, value] of words) {
    if (where === 'shared') side.shared.store(index, value);
    else side.setWord(where + 4 * index, value);
  }
}

test('whatever a domain puts into the words that it shares with Xen, calls return, and its neighbour hears what is sent to it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, withFifo) => {
      const { sides } = rigOf([{}, {}, {}]);
      const [sender, hostile, neighbour] = sides as [Side, Side, Side];
      if (withFifo) expect([initControl(hostile, CONTROL), expandArray(hostile, ARRAY)]).toEqual([0, 0]);
      const toHostile = [connect(sender, hostile)[0], connect(sender, hostile)[0]];
      const [toNeighbour, theirs] = connect(sender, neighbour);
      quiet(neighbour);
      for (const one of steps) {
        if (one.do === 'write') scribble(hostile, one.words);
        else if (one.do === 'unmask') expect(Math.abs(unmask(hostile, one.port))).toBeLessThan(4096);
        else if (one.to < 2) expect(send(sender, toHostile[one.to] as number)).toBe(0);
        else {
          expect(send(sender, toNeighbour)).toBe(0);
          expect(seen(neighbour)).toEqual({
            upcall: 1,
            selector: 1n,
            pending: [1n << BigInt(theirs), 0n],
            interrupt: true,
          });
          quiet(neighbour);
        }
      }
      expect(seen(neighbour)).toEqual({ upcall: 0, selector: 0n, pending: [0n, 0n], interrupt: false });
    }),
    { numRuns: 150 },
  );
});
