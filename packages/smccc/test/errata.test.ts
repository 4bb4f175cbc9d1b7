import { archService, CORTEX_A57, CORTEX_A72, type ErratumRule, errataService } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { TestGuest } from './bench-guest.js';

const VERSION = 0x8400_00f0;
const FEATURES = 0x8400_00f1;
const CPU_ERRATUM = 0x8400_00f2;

const errata: readonly ErratumRule[] = [
  { erratum: 834_220, cpus: [CORTEX_A57], revisions: [0x00, 0x12], answer: 'HIGHER_EL_MITIGATION' },
  { erratum: 829_520, cpus: [CORTEX_A57], revisions: [0x11, 0x12], answer: 'AFFECTED' },
  { erratum: 859_971, cpus: [CORTEX_A72], answer: 'AFFECTED' },
  { erratum: 1, answer: 'NOT_AFFECTED' },
];

/** A guest on a Cortex-A57 r1p0, called from EL2 where nothing else is said. */
function guestAt(el: 1 | 2, options: Partial<Parameters<typeof errataService>[0]> = {}): TestGuest {
  const guest = new TestGuest([archService(), errataService({ errata, ...options })], {
    hasEl2: true,
    midr: 0x411f_d070,
    vcpus: [{ boot: { el } }],
  });
  return guest;
}

test('the version is 1.0, or what is given', () => {
  expect(guestAt(2).call(VERSION)).toBe(0x1_0000n);
  expect(guestAt(2, { version: { major: 2, minor: 1 } }).call(VERSION)).toBe(0x2_0001n);
});

test('FEATURES knows the three calls, by SMC32 only', () => {
  const guest = guestAt(2);
  for (const id of [VERSION, FEATURES, CPU_ERRATUM]) expect(guest.call(FEATURES, [id])).toBe(0n);
  for (const id of [0x8400_00f3, 0xc400_00f0, 0]) expect(guest.call(FEATURES, [id])).toBe(-1n);
});

describe('CPU_ERRATUM_FEATURES', () => {
  test('answers by CPU model and revision', () => {
    const guest = guestAt(2);
    expect(guest.call(CPU_ERRATUM, [834_220, 0])).toBe(3n);
    expect(guest.call(CPU_ERRATUM, [829_520, 0])).toBe(2n);
    expect(guest.call(CPU_ERRATUM, [1, 0])).toBe(2n);
    expect(
      guestAt(2, { errata: [{ erratum: 5, revisions: [0x10, 0x10], answer: 'AFFECTED' }] }).call(CPU_ERRATUM, [5]),
    ).toBe(1n);
  });

  test('knows nothing of what no rule names on this CPU', () => {
    const guest = guestAt(2);
    expect(guest.call(CPU_ERRATUM, [859_971, 0])).toBe(-3n);
    expect(guest.call(CPU_ERRATUM, [2, 0])).toBe(-3n);
  });

  test('takes a forward flag from EL2, not from EL1', () => {
    expect(guestAt(2).call(CPU_ERRATUM, [834_220, 1])).toBe(3n);
    expect(guestAt(1).call(CPU_ERRATUM, [834_220, 1])).toBe(-2n);
    expect(guestAt(1).call(CPU_ERRATUM, [834_220, 0])).toBe(3n);
  });
});
