import {
  decodeFunctionId,
  describeFunctionId,
  encodeFunctionId,
  OWNERS,
  ownerOf,
  STANDARD_INTERFACES,
  YIELDING_RANGES,
} from '@trapline/smccc';
import fc from 'fast-check';
import { expect, test } from 'vitest';

fc.configureGlobal({ seed: 1 });

const anyId = fc.integer({ min: 0, max: 0xffff_ffff });

test('every 32-bit value taken apart and put together is itself', () => {
  fc.assert(fc.property(anyId, (id) => encodeFunctionId(decodeFunctionId(id)) === id));
});

test('the parts of CPU_ON by SMC64 with the SVE hint', () => {
  expect(decodeFunctionId(0xc401_0003)).toEqual({
    fast: true,
    smc64: true,
    owner: 4,
    reserved: 0,
    sveHint: true,
    number: 3,
  });
});

test('an id is a fast SMC32 call without hint where nothing else is said', () => {
  expect(encodeFunctionId({ owner: 5, number: 0xff01 })).toBe(0x8500_ff01);
  expect(encodeFunctionId({ fast: false, owner: 50, number: 1 })).toBe(0x3200_0001);
});

test('a part that its bits cannot hold is refused', () => {
  expect(() => encodeFunctionId({ owner: 64, number: 0 })).toThrow("a function id's owner is 0 to 63, not 64");
  expect(() => encodeFunctionId({ owner: 0, number: 0x1_0000 })).toThrow('number is 0 to 65535');
  expect(() => encodeFunctionId({ owner: 0, number: 0, reserved: 128 })).toThrow('reserved bits is 0 to 127');
  expect(() => encodeFunctionId({ owner: 1.5, number: 0 })).toThrow(RangeError);
});

test('owners cover 0 to 63 without a gap', () => {
  let next = 0;
  for (const { from, to } of OWNERS) {
    expect(from).toBe(next);
    next = to + 1;
  }
  expect(next).toBe(64);
  expect(ownerOf(7).name).toBe('vendor specific EL3 monitor service calls');
  expect(ownerOf(49).name).toBe('trusted application calls');
  expect(() => ownerOf(64)).toThrow(RangeError);
});

test('yielding ranges cover all numbers without bit 31', () => {
  let next = 0;
  for (const { from, to } of YIELDING_RANGES) {
    expect(from).toBe(next);
    next = to + 1;
  }
  expect(next).toBe(0x8000_0000);
});

test('a declared id is described with its call, clause and errors', () => {
  const words = describeFunctionId(0xc400_0053);
  expect(words).toMatchObject({
    id: '0xc4000053',
    kind: 'fast',
    width: 64,
    owner: { number: 4, name: 'standard secure service calls' },
    number: '0x0053',
    specification: { name: 'TRNG', source: 'DEN0098' },
    problems: [],
  });
  expect(words.call).toMatchObject({
    name: 'rnd',
    interface: 'trng',
    clause: '2.5',
    ids: ['0x84000053', '0xc4000053'],
    errors: 'SUCCESS, NOT_SUPPORTED, INVALID_PARAMETERS, NO_ENTROPY',
  });
});

test('the SVE hint does not hide a call', () => {
  expect(describeFunctionId(0x8001_0000)).toMatchObject({
    sveHint: true,
    call: { name: 'version', interface: 'smccc' },
  });
});

test('an id of another specification is placed by its range', () => {
  const words = describeFunctionId(0xc400_0003);
  expect(words.specification).toEqual({ name: 'PSCI', source: 'DEN0022' });
  expect(words.call).toBeUndefined();
});

test('what is wrong with an id is said', () => {
  expect(describeFunctionId(0x8080_0000).problems).toEqual(['bits 23:17 of a fast call must be zero']);
  expect(describeFunctionId(0x8400_0020).problems).toEqual(['version has no SMC32 form, only 0xc4000020']);
  expect(describeFunctionId(0xc400_0050).problems).toEqual(['version has no SMC64 form, only 0x84000050']);
});

test('a yielding id belongs to its range, whatever bits 29:24 hold', () => {
  expect(describeFunctionId(0x0200_0001)).toMatchObject({
    kind: 'yielding',
    owner: { number: undefined, name: 'trusted OS yielding calls' },
    specification: undefined,
  });
});

test('every id of every standard interface is described as its own call', () => {
  for (const abi of STANDARD_INTERFACES) {
    for (const call of abi.all) {
      for (const id of [call.id, call.wideId].filter((value) => value !== undefined)) {
        expect(describeFunctionId(id).call).toMatchObject({ name: call.name, interface: abi.name });
      }
    }
  }
});

test('any value at all has a description', () => {
  fc.assert(
    fc.property(anyId, (id) => {
      const words = describeFunctionId(id);
      return words.owner.name !== '' && words.id.length === 10;
    }),
  );
});
