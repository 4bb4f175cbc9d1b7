import {
  bytesOfWord,
  CALL_ENCODINGS,
  callWord,
  conduitProblem,
  decodeInstruction,
  encodingOf,
  immediateLimit,
  TARGETS,
} from '@trapline/wrappers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const pairs = Object.values(TARGETS).flatMap((target) =>
  (['hvc', 'smc'] as const).map((conduit) => ({ target, conduit, title: `${conduit} in ${target.title}` })),
);

describe('every immediate', () => {
  it.each(pairs)('of $title is read back from its bytes', ({ target, conduit }) => {
    const limit = immediateLimit(target.set, conduit);
    const problem = conduitProblem(conduit, target);
    let wrong = 0;
    for (let immediate = 0; immediate <= limit; immediate++) {
      const read = decodeInstruction(bytesOfWord(callWord(target.set, conduit, immediate), target), target);
      if (
        read.kind !== 'call' ||
        read.conduit !== conduit ||
        read.immediate !== immediate ||
        read.problem !== problem
      ) {
        wrong++;
      }
    }
    expect([limit, wrong]).toEqual([target.set !== 'a64' && conduit === 'smc' ? 0xf : 0xffff, 0]);
  });

  it('of SMC in A32 and T32 is four bits; what stands in the bits beside them is reported, and not read', () => {
    for (const target of [TARGETS.a32, TARGETS.t32]) {
      const { shouldBeZero } = encodingOf(target.set, 'smc');
      for (let bit = 0; bit < 32; bit++) {
        if (((shouldBeZero >>> bit) & 1) === 0) continue;
        const word = callWord(target.set, 'smc', 5) | (1 << bit);
        expect(decodeInstruction(bytesOfWord(word, target), target)).toMatchObject({
          kind: 'call',
          immediate: 5,
          problem: 'SMC with bits set that should be zero is CONSTRAINED UNPREDICTABLE',
        });
      }
    }
  });

  it('stands in an encoding whose fixed, immediate and should-be-zero bits do not overlap', () => {
    for (const { mask, immediate, shouldBeZero, condition, set, conduit } of CALL_ENCODINGS) {
      const parts = immediate.map(({ at, bits }) => ((2 ** bits - 1) << at) >>> 0);
      const all = [mask >>> 0, shouldBeZero >>> 0, ...parts, ...(condition ? [0xf000_0000] : [])];
      expect(
        all.reduce((sum, part) => sum + part, 0),
        `${conduit} in ${set}`,
      ).toBe(0xffff_ffff);
    }
  });
});

describe('every condition', () => {
  it('of SMC in A32 is read; HVC must not have one, and 15 is another instruction', () => {
    const names = 'eq ne cs cc mi pl vs vc hi ls ge lt gt le al'.split(' ');
    for (let condition = 0; condition < 16; condition++) {
      for (const conduit of ['hvc', 'smc'] as const) {
        const word = (callWord('a32', conduit, 1) & 0x0fff_ffff) | (condition << 28);
        const read = decodeInstruction(bytesOfWord(word, TARGETS.a32), 'a32');
        const name = names[condition];
        if (name === undefined) expect(read).toEqual({ kind: 'none', reason: 'other', length: 4 });
        else {
          expect(read).toMatchObject({ kind: 'call', conduit, condition: name });
          expect('problem' in read).toBe(conduit === 'hvc' && name !== 'al');
        }
      }
    }
  });
});

describe('a change of one bit', () => {
  it('of the fixed ones is never read as the same instruction', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pairs), fc.nat(0xffff), fc.nat(31), ({ target, conduit }, immediate, bit) => {
        const { mask, condition } = encodingOf(target.set, conduit);
        if (((mask >>> bit) & 1) === 0) return;
        const word = callWord(target.set, conduit, immediate & immediateLimit(target.set, conduit)) ^ (1 << bit);
        const read = decodeInstruction(bytesOfWord(word, target), target);
        expect(read.kind === 'call' && read.conduit === conduit, condition).toBe(false);
      }),
    );
  });
});
