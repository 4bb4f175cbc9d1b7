import { ADDRESS_LIMIT, addressOf, affinityOf, NO_ADDRESS, virtualAddressOf } from '@trapline/core';
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

test('two halves of a virtual address are a signed Number, exact in both halves of the address space', () => {
  const bits = fc.oneof(fc.bigInt(-(2n ** 54n), 2n ** 54n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
  fc.assert(
    fc.property(bits, (address) => {
      const low = Number(BigInt.asIntN(32, address));
      const got = virtualAddressOf(low, Number(BigInt.asIntN(32, address >> 32n)));
      const exact = address >= -(2n ** 53n) && address < 2n ** 53n;
      return exact ? BigInt(got) === address : got === NO_ADDRESS;
    }),
  );
  expect(virtualAddressOf(0x8000_0000, 0xffff_8000)).toBe(-(2 ** 47) + 2 ** 31);
  expect(virtualAddressOf(0, 0x20_0000)).toBe(NO_ADDRESS);
  expect(virtualAddressOf(0, 0xff80_0000)).toBe(NO_ADDRESS);
});

test('affinity fields are packed, everything else of an MPIDR is left out', () => {
  expect(affinityOf(0x80000003n)).toBe(3);
  expect(affinityOf(0x81_c000_0102n)).toBe(0x8100_0102 | 0);
  expect(affinityOf(0xff_00ff_ffffn)).toBe(-1);
});
