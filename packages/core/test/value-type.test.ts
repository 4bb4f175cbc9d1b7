import {
  createRegisters,
  defineStatus,
  hex64,
  i32,
  named,
  oneOf,
  status,
  u32,
  u64,
  type ValueType,
  valueOr,
  word,
  writeRegister,
} from '@trapline/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const trng = defineStatus('trng', 'DEN0098', { SUCCESS: 0, NO_ENTROPY: -3 });
const U64 = fc.bigInt(0n, 2n ** 64n - 1n);

function roundTrip<In, Out>(type: ValueType<In, Out>, value: In, wide = true): Out {
  const registers = createRegisters();
  registers.x.fill(0xffff_ffff_ffff_ffffn);
  type.write(registers, 3, value);
  return type.read(registers, 3, wide);
}

test('u32 and i32 write both halves of their register', () => {
  const registers = createRegisters();
  registers.x[1] = 2n ** 64n - 1n;
  u32.write(registers, 1, 0x8000_0001);
  expect(registers.x[1]).toBe(0x8000_0001n);
  i32.write(registers, 1, -2);
  expect(registers.x[1]).toBe(0xffff_ffff_ffff_fffen);
});

test('u32 reads unsigned, i32 signed', () => {
  expect(roundTrip(u32, 0xffff_ffff)).toBe(0xffff_ffff);
  expect(roundTrip(i32, -1)).toBe(-1);
});

test('u64 takes bigints and Numbers and gives bigints', () => {
  fc.assert(fc.property(U64, (value) => roundTrip(u64, value) === value));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      (value) => roundTrip(u64, value) === BigInt(value),
    ),
  );
});

test('a negative Number in a 64-bit register is sign-extended', () => {
  fc.assert(
    fc.property(fc.integer({ min: Number.MIN_SAFE_INTEGER, max: -1 }), (value) => {
      const registers = createRegisters();
      writeRegister(registers, 0, value);
      return registers.x[0] === BigInt.asUintN(64, BigInt(value));
    }),
  );
});

test('word reads as many bits as the convention has', () => {
  expect(roundTrip(word, 0x1_2345_6789n, true)).toBe(0x1_2345_6789n);
  expect(roundTrip(word, 0x1_2345_6789n, false)).toBe(0x2345_6789n);
});

test('an enumeration has names, and keeps what it does not know', () => {
  const state = oneOf('affinity state', { ON: 0, OFF: 1, ON_PENDING: 2 });
  expect(roundTrip(state, 'ON_PENDING')).toBe('ON_PENDING');
  expect(roundTrip(state, { unknown: 9 })).toEqual({ unknown: 9 });
  expect(state.show(1, 0)).toBe('OFF');
  expect(state.show(0x99, 0)).toBe('0x99');
  expect(state.edges).toContain(3n);
  expect(state.names).toEqual({ ON: 0, OFF: 1, ON_PENDING: 2 });
});

test('a status is written with its sign and read in its namespace', () => {
  const type = status(trng);
  expect(roundTrip(type, trng.NO_ENTROPY)).toBe(trng.NO_ENTROPY);
  const registers = createRegisters();
  type.write(registers, 0, trng.NO_ENTROPY);
  expect(registers.x[0]).toBe(0xffff_ffff_ffff_fffdn);
  expect(type.show(-3, -1)).toBe('NO_ENTROPY');
});

test('a value or a status: the sign of the width that counts tells them apart', () => {
  const count = valueOr(u32, trng);
  expect(roundTrip(count as ValueType<number, unknown>, 7)).toBe(7);
  const registers = createRegisters();
  registers.x[0] = 0xffff_ffff_ffff_fffdn;
  expect(count.read(registers, 0, true)).toBe(trng.NO_ENTROPY);
  expect(count.show(-3, -1)).toBe('NO_ENTROPY');
  expect(count.show(7, 0)).toBe('0x7');
  const address = valueOr(u64, trng);
  registers.x[0] = 0xffff_0000n;
  expect(address.read(registers, 0, true)).toBe(0xffff_0000n);
  registers.x[0] = 2n ** 64n - 3n;
  expect(address.read(registers, 0, true)).toBe(trng.NO_ENTROPY);
});

test('words show both halves, without a needless high one', () => {
  expect(hex64(0x1234, 0)).toBe('0x1234');
  expect(hex64(0x1234, 1)).toBe('0x100001234');
  expect(hex64(-1, -1)).toBe('0xffffffffffffffff');
  expect(i32.show(-5, -1)).toBe('-5');
  expect(u32.show(-1, 0)).toBe('0xffffffff');
});

test('a named type has its own words over the same bits', () => {
  const mpidr = named('mpidr', word, { show: (low) => `cpu ${low & 0xff}` });
  expect(mpidr.name).toBe('mpidr');
  expect(mpidr.show(0x102, 0)).toBe('cpu 2');
  expect(roundTrip(mpidr, 0x102)).toBe(0x102n);
});
