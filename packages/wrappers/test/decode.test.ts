import {
  bytesOfWord,
  callWord,
  conduitProblem,
  decodeInstruction,
  decodeInstructions,
  immediateLimit,
  MAX_DECODED_BYTES,
  TARGETS,
  type TargetName,
} from '@trapline/wrappers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const target = fc.constantFrom(...(Object.keys(TARGETS) as TargetName[]));

describe('readings without a target', () => {
  it.each([
    ['02 00 00 d4', ['a64 hvc 0 in a64, a64-be']],
    ['03 00 00 d4', ['a64 smc 0 in a64, a64-be']],
    ['22 d4 01 d4', ['a64 hvc 3745 in a64, a64-be']],
    ['70 00 40 e1', ['a32 hvc 0 in a32, a32-be8']],
    ['e1 40 00 70', ['a32 hvc 0 in a32-be32: HVC came with ARMv7, which has no BE-32']],
    ['e1 60 00 70', ['a32 smc 0 in a32-be32']],
    ['71 ea 40 e1', ['a32 hvc 3745 in a32, a32-be8']],
    ['e0 f7 00 80', ['t32 hvc 0 in t32, t32-be8']],
    ['f0 f7 00 80', ['t32 smc 0 in t32, t32-be8']],
    ['f7 e0 8e a1', ['t32 hvc 3745 in t32-be32: HVC came with ARMv7, which has no BE-32']],
    ['f7 f0 80 00', ['t32 smc 0 in t32-be32: SMC in T32 came with ARMv7, which has no BE-32']],
    // A PowerPC kernel call, as ePAPR's own hcall-instructions have it.
    ['44 00 00 22', []],
    ['00 00 00 00', []],
    ['1f 20 03 d5', []],
  ])('%s', (hex, expected) => {
    const found = decodeInstruction(bytes(hex)).map(
      ({ set, conduit, immediate, targets, problem }) =>
        `${set} ${conduit} ${immediate} in ${targets.join(', ')}${problem === undefined ? '' : `: ${problem}`}`,
    );
    expect(found).toEqual(expected);
  });

  it.each([
    ['71 60 60 71', ['a32 smc 1 vc', 'a32 smc 1 vc']],
    ['71 40 40 71', ['a32 hvc 1025 vc', 'a32 hvc 1025 vc']],
    ['f7 f7 80 80', ['t32 smc 7 al', 't32 smc 7 al']],
  ])('are several for %s: either order of bytes makes a call of it', (hex, expected) => {
    const found = decodeInstruction(bytes(hex));
    expect(found.map((read) => `${read.set} ${read.conduit} ${read.immediate} ${read.condition}`)).toEqual(expected);
    expect(found.every(({ problem }) => problem !== undefined)).toBe(true);
  });

  it('are one alone without a problem, for every instruction that cores execute', () => {
    const wrong: string[] = [];
    for (const name of ['a64', 'a32', 'a32-be32', 't32'] as const) {
      for (const conduit of ['hvc', 'smc'] as const) {
        if (conduitProblem(conduit, TARGETS[name]) !== undefined) continue;
        for (let immediate = 0; immediate <= immediateLimit(TARGETS[name].set, conduit); immediate++) {
          const code = bytesOfWord(callWord(TARGETS[name].set, conduit, immediate), TARGETS[name]);
          const sound = decodeInstruction(code).filter(({ problem }) => problem === undefined);
          if (sound.length !== 1 || !sound[0]?.targets.includes(name)) wrong.push(`${name} ${conduit} ${immediate}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('are those that each target gives, no more and no fewer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 8 }), fc.nat(9), (any, offset) => {
        const all = decodeInstruction(any, undefined, { offset });
        for (const name of Object.keys(TARGETS) as TargetName[]) {
          const one = decodeInstruction(any, name, { offset });
          const among = all.filter(({ targets }) => targets.includes(name));
          expect(among).toHaveLength(one.kind === 'call' ? 1 : 0);
          if (one.kind === 'call') expect(among[0]).toMatchObject(one);
        }
      }),
    );
  });
});

describe('what is no whole instruction', () => {
  it.each([
    ['a64', '03 00 00', undefined, { kind: 'none', reason: 'truncated', length: 0 }],
    ['a64', '', undefined, { kind: 'none', reason: 'truncated', length: 0 }],
    ['a64', '03 00 00 d4', 0x4000_0002, { kind: 'none', reason: 'unaligned', length: 0 }],
    ['a64', '03 00 00 d4', 0xffff_ffc0_0000_0004n, { kind: 'call', conduit: 'smc' }],
    ['a32', '70 00 60 e1', 2, { kind: 'none', reason: 'unaligned', length: 0 }],
    ['t32', 'f0 f7 00 80', 2, { kind: 'call', conduit: 'smc' }],
    ['t32', 'f0 f7 00 80', 1n, { kind: 'none', reason: 'unaligned', length: 0 }],
    ['t32', 'f0 f7 00', undefined, { kind: 'none', reason: 'truncated', length: 0 }],
    ['t32', 'f0', undefined, { kind: 'none', reason: 'truncated', length: 0 }],
    ['t32', '70 47', undefined, { kind: 'none', reason: 'other', length: 2 }],
    ['t32', '00 f0 00 f8', undefined, { kind: 'none', reason: 'other', length: 4 }],
  ] as const)('%s: %s at %s', (name, hex, address, expected) => {
    const options = address === undefined ? {} : { address };
    expect(decodeInstruction(bytes(hex), name, options)).toMatchObject(expected);
  });

  it('is said to be so for an offset that is none', () => {
    for (const offset of [-1, 4, Number.NaN, 1e9]) {
      expect(decodeInstruction(bytes('03 00 00 d4'), 'a64', { offset })).toEqual({
        kind: 'none',
        reason: 'truncated',
        length: 0,
      });
    }
  });
});

describe('a sequence', () => {
  it('of T32 mixes instructions of 2 and 4 bytes', () => {
    const code = bytes('70 47  f0 f7 00 80  00 bf  e0 f7 a1 8e  f0 f7');
    const found = decodeInstructions(code, 't32').map(({ offset, decoding }) =>
      decoding.kind === 'call' ? `${offset} ${decoding.conduit} ${decoding.immediate}` : `${offset} ${decoding.reason}`,
    );
    expect(found).toEqual(['0 other', '2 smc 0', '6 other', '8 hvc 3745', '12 truncated']);
  });

  it('covers all bytes exactly once, and ends', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), target, (any, name) => {
        let next = 0;
        for (const { offset, decoding } of decodeInstructions(any, name)) {
          expect(offset).toBe(next);
          next += decoding.length === 0 ? any.length - offset : decoding.length;
        }
        expect(next).toBe(any.length);
      }),
    );
  });

  it('is read up to a limit', () => {
    const found = decodeInstructions(new Uint8Array(MAX_DECODED_BYTES + 64), 'a64');
    expect(found).toHaveLength(MAX_DECODED_BYTES / 4);
  });
});
