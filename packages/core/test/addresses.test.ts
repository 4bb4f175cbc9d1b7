import { ADDRESS_LIMIT, addressOf, affinityOf, NO_ADDRESS } from '@trapline/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const HALF = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });

test('two halves are an exact Number below 2^53 and no address from there on', () => {
  fc.assert(
    fc.property(HALF, HALF, (low, high) => {
      const exact = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
      const got = addressOf(low, high);
      return exact < BigInt(ADDRESS_LIMIT) ? BigInt(got) === exact : got === NO_ADDRESS;
    }),
  );
  expect(addressOf(-1, 0x1f_ffff)).toBe(ADDRESS_LIMIT - 1);
  expect(addressOf(0, 0x20_0000)).toBe(NO_ADDRESS);
});

test('affinity fields are packed, everything else of an MPIDR is left out', () => {
  expect(affinityOf(0x80000003n)).toBe(3);
  expect(affinityOf(0x81_c000_0102n)).toBe(0x8100_0102 | 0);
  expect(affinityOf(0xff_00ff_ffffn)).toBe(-1);
});
