import { callSyndrome, conditionHolds, decodeSyndrome, linkOffset, preferredReturn } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('syndromes of calls, as ESR_EL2 and HSR lay them out', () => {
  test.each([
    ['HVC from A64', callSyndrome('hvc', 'a64', 0xea1, false), 0x5a00_0ea1],
    ['SMC from A64', callSyndrome('smc', 'a64', 0x1234, true), 0x5e00_1234],
    ['HVC from A32', callSyndrome('hvc', 'a32', 0xea1, false), 0x4a00_0ea1],
    ['HVC from T32', callSyndrome('hvc', 't32', 0, false), 0x4a00_0000],
    ['a trapped SMC from A32 has a condition and no immediate', callSyndrome('smc', 'a32', 7, true), 0x4fe0_0000],
    ['an SMC from T32 to EL3 has neither', callSyndrome('smc', 't32', 7, false), 0x4e00_0000],
  ])('%s', (_, esr, expected) => {
    expect(esr >>> 0).toBe(expected);
  });

  test('all but the A32 SMC read back to instruction and immediate', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('hvc' as const, 'smc' as const),
        fc.constantFrom('a64' as const, 'a32' as const, 't32' as const),
        fc.integer({ min: 0, max: 0xffff }),
        fc.boolean(),
        (conduit, state, immediate, trapped) => {
          const call = decodeSyndrome(callSyndrome(conduit, state, immediate, trapped));
          expect(call?.conduit).toBe(conduit);
          expect(call?.immediate).toBe(conduit === 'smc' && state !== 'a64' ? 0 : immediate);
        },
      ),
    );
  });

  test('a conditional SMC that is not known to have passed says its condition', () => {
    expect(decodeSyndrome(0x4f00_0000)).toEqual({ conduit: 'smc', immediate: 0, condition: 0 });
    expect(decodeSyndrome(0x4f08_0000)?.condition).toBeUndefined();
    expect(decodeSyndrome(0x4e00_0000)?.condition).toBeUndefined();
  });

  test('a trapped MRS and MSR give the register as the instruction encodes it', () => {
    // MRS x0, MDCCSR_EL0: op0 2, op1 3, CRn 0, CRm 1, op2 0. ISS of a read has bit 0 set.
    const iss = (2 << 20) | (0 << 17) | (3 << 14) | (0 << 10) | (1 << 1);
    const encoding = (2 << 14) | (3 << 11) | (0 << 7) | (1 << 3) | 0;
    expect(decodeSyndrome((0x18 << 26) | iss | 1)).toEqual({
      conduit: 'mrs',
      immediate: encoding,
      condition: undefined,
    });
    expect(decodeSyndrome((0x18 << 26) | iss)?.conduit).toBe('msr');
  });

  test('an abort is no call', () => {
    expect(decodeSyndrome((0x24 << 26) | 0x10)).toBeUndefined();
  });
});

test('conditions hold as ConditionHolds() says', () => {
  const N = 1 << 31;
  const Z = 1 << 30;
  const C = 1 << 29;
  const V = 1 << 28;
  const rows: [condition: number, holds: number[], fails: number[]][] = [
    [0, [Z], [0, N]],
    [1, [0], [Z]],
    [2, [C], [0]],
    [3, [0], [C]],
    [4, [N], [0]],
    [5, [0], [N]],
    [6, [V], [0]],
    [7, [0], [V]],
    [8, [C], [C | Z, 0]],
    [9, [C | Z, 0], [C]],
    [10, [N | V, 0], [N, V]],
    [11, [N, V], [N | V, 0]],
    [12, [N | V, 0], [Z, N]],
    [13, [Z, N], [0, N | V]],
    [14, [0, N | Z | C | V], []],
    [15, [0, N | Z | C | V], []],
  ];
  for (const [condition, holds, fails] of rows) {
    for (const flags of holds) expect(conditionHolds(condition, flags)).toBe(true);
    for (const flags of fails) expect(conditionHolds(condition, flags)).toBe(false);
  }
});

describe('return addresses', () => {
  test('HVC and an SMC that EL3 takes return to the next instruction', () => {
    expect(preferredReturn('el2')).toBe(4);
    expect(preferredReturn('el3')).toBe(4);
  });
  test('a trapped SMC and an undefined instruction return to themselves', () => {
    expect(preferredReturn('el2-trap')).toBe(0);
    expect(preferredReturn('undefined-el1')).toBe(0);
  });
  test('link registers: LR_und +4 in A32 and +2 in T32, LR_abt +4 and +8', () => {
    expect(linkOffset('undefined', 'a32')).toBe(4);
    expect(linkOffset('undefined', 't32')).toBe(2);
    expect(linkOffset('prefetch-abort', 't32')).toBe(4);
    expect(linkOffset('data-abort', 'a32')).toBe(8);
  });
});
