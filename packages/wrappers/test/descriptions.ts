import type { Target, WrapperDescription, WrapperInput, WrapperOutput } from '@trapline/wrappers';
import { conduitProblem, immediateLimit, LAST_REGISTER } from '@trapline/wrappers';
import fc from 'fast-check';

const bits = fc.constantFrom<32 | 64>(32, 64);

/** Constants with interesting halves: function ids, zero parts, all ones. */
function constants(target: Target): fc.Arbitrary<bigint> {
  const words = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
    fc.constantFrom(0n, 1n, 0x8400_0003n, 0xc400_0003n, 0xffff_ffffn, 0xffff_0000n, 0x8401_0003n),
  );
  return target.set === 'a64' ? fc.oneof(words, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })) : words;
}

/** Any description that has a wrapper on the target. */
export function descriptions(target: Target): fc.Arbitrary<WrapperDescription> {
  const last = LAST_REGISTER[target.set];
  const registers = fc.shuffledSubarray(Array.from({ length: last + 1 }, (_, i) => i));
  const conduits = (['hvc', 'smc'] as const).filter((conduit) => conduitProblem(conduit, target) === undefined);
  return fc
    .record({
      conduit: fc.constantFrom(...conduits),
      into: registers,
      outOf: registers,
      kinds: fc.array(fc.oneof({ weight: 3, arbitrary: bits }, { weight: 1, arbitrary: constants(target) }), {
        minLength: last + 1,
        maxLength: last + 1,
      }),
      outputBits: fc.array(bits, { minLength: last + 1, maxLength: last + 1 }),
      immediate: fc.nat(0xffff),
      block: fc.boolean(),
      quirk: fc.boolean(),
      memory: fc.boolean(),
      landingPad: fc.boolean(),
    })
    .map(({ conduit, into, outOf, kinds, outputBits, immediate, block, quirk, memory, landingPad }) => {
      const inputs = into.map((register, i): WrapperInput => {
        const kind = kinds[i] as number | bigint;
        return typeof kind === 'bigint'
          ? { register, constant: kind }
          : { register, parameter: `p${i}`, bits: kind as 32 | 64 };
      });
      const outputs = outOf.map(
        (register, i): WrapperOutput => ({ register, name: `r${i}`, bits: outputBits[i] as 32 | 64 }),
      );
      const inMemory = memory || quirk || outputs.length > 1;
      return {
        name: 'wrapper',
        conduit,
        immediate: immediate & immediateLimit(target.set, conduit),
        inputs,
        outputs,
        results: inMemory ? 'memory' : 'return',
        block,
        quirk: quirk && !block,
        landingPad: landingPad && target.set === 'a64',
      };
    });
}
