import { RestoreError } from '@trapline/core';
import { createRandom } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const draw = (random: ReturnType<typeof createRandom>, length: number): Uint8Array => {
  const target = new Uint8Array(length);
  expect(random.fill(target)).toBe(true);
  return target;
};

describe('a seeded random port', () => {
  it('gives the published sequence of xoshiro128**', () => {
    const random = createRandom();
    random.restore({ format: 'trapline.random/1', available: true, state: [1, 2, 3, 4] });
    const words = new Uint32Array(draw(random, 40).buffer);
    // The reference output for the state 1, 2, 3, 4 (rand_xoshiro's test vector).
    expect([...words]).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('begins with the published sequence of SplitMix64', () => {
    // The first two outputs for the seed 1234567.
    const { state } = createRandom({ seed: 1234567 }).save() as unknown as { state: number[] };
    const pairs = [0, 2].map((i) => (BigInt(state[i + 1] as number) << 32n) | BigInt(state[i] as number));
    expect(pairs).toEqual([6457827717110365317n, 3203168211198807973n]);
  });

  it('repeats itself for a seed, and only for that seed', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), (seed, other) => {
        fc.pre(seed !== other);
        const first = draw(createRandom({ seed }), 33);
        expect(draw(createRandom({ seed }), 33)).toEqual(first);
        expect(draw(createRandom({ seed: other }), 33)).not.toEqual(first);
      }),
    );
    expect(draw(createRandom({ seed: 3.9 }), 8)).toEqual(draw(createRandom({ seed: 3n }), 8));
    expect(draw(createRandom(), 8)).toEqual(draw(createRandom({ seed: 0 }), 8));
  });

  it('gives nothing, and draws nothing, while there is no entropy', () => {
    const random = createRandom({ seed: 5 });
    random.available = false;
    const target = new Uint8Array(4).fill(7);
    expect(random.fill(target)).toBe(false);
    expect([...target]).toEqual([7, 7, 7, 7]);
    random.available = true;
    expect(draw(random, 4)).toEqual(draw(createRandom({ seed: 5 }), 4));
  });

  it('goes on from where it was saved, and back to its beginning at a reset', () => {
    const random = createRandom({ seed: 8 });
    const first = draw(random, 6);
    random.available = false;
    const saved = JSON.parse(JSON.stringify(random.save()));
    random.available = true;
    const next = draw(random, 9);
    random.restore(saved);
    expect(random.available).toBe(false);
    random.available = true;
    expect(draw(random, 9)).toEqual(next);
    random.available = false;
    random.reset();
    expect(draw(random, 6)).toEqual(first);
  });

  it('refuses saved state that is not its own', () => {
    const random = createRandom();
    const good = JSON.parse(JSON.stringify(random.save()));
    for (const wrong of [
      { ...good, format: 'x' },
      { ...good, available: 1 },
      { ...good, state: [1, 2, 3] },
      { ...good, state: [1, 2, 3, -4] },
      { ...good, state: [0, 0, 0, 0] },
    ]) {
      expect(() => random.restore(wrong)).toThrow(RestoreError);
    }
    expect(random.save()).toEqual(good);
  });
});
