import { defineStatus, isStatus } from '@trapline/core';
import { expect, expectTypeOf, test } from 'vitest';

const psci = defineStatus('psci', 'DEN0022F.b 5.2.2', { SUCCESS: 0, NOT_SUPPORTED: -1, INVALID_PARAMETERS: -2 });
const smccc = defineStatus('smccc', 'DEN0028 1.5', { SUCCESS: 0, NOT_REQUIRED: -2 });

test('a code has one object, found by name and by number', () => {
  expect(psci.of(-2)).toBe(psci.INVALID_PARAMETERS);
  expect(psci.INVALID_PARAMETERS.code).toBe(-2);
  expect(psci.all.map(String)).toEqual(['SUCCESS', 'NOT_SUPPORTED', 'INVALID_PARAMETERS']);
});

test('an unknown code is kept as it came', () => {
  expect(psci.of(-77)).toMatchObject({ namespace: 'psci', unknown: -77 });
  expect(String(psci.of(-77))).toBe('psci status -77');
});

test('−2 of two namespaces are different things, for the compiler too', () => {
  expect(psci.of(-2)).not.toEqual(smccc.of(-2));
  expectTypeOf(smccc.NOT_REQUIRED).not.toExtend<typeof psci.INVALID_PARAMETERS>();
});

test('a status is told from a value', () => {
  expect(isStatus(psci.SUCCESS)).toBe(true);
  expect(isStatus(psci.of(-99))).toBe(true);
  expect([0, 1n, undefined, null, 'SUCCESS', {}].some(isStatus)).toBe(false);
});
