import type { Target, WrapperDescription } from '@trapline/wrappers';
import { isParameter, resultsOf } from '@trapline/wrappers';
import { type Answer, ARGUMENTS, type Case, QUIRK, RESULTS } from './bare-metal.js';

/** A function id that QEMU does not know: it answers −1 in X0 and leaves every other register as it was. */
export const UNKNOWN_ID = 0x8300_7fffn;

/** A wrapper's description with given arguments, as a case and as what must come back. */
export interface Planned {
  readonly description: WrapperDescription;
  readonly values: readonly bigint[];
  readonly quirkId: number;
}

/** The case that calls a wrapper. Values are whole words: what a 32-bit parameter has above its bits is rubbish. */
export function caseOf({ description, values, quirkId }: Planned, at: Case['at']): Case {
  if (description.block) return { at, parameters: [ARGUMENTS, RESULTS], block: values };
  const parameters = [...values];
  if (resultsOf(description) === 'memory') parameters.push(RESULTS);
  if (description.quirk) parameters.push(QUIRK);
  return { at, parameters, quirkId };
}

/** What an answer must be: undefined for a register that nobody set. */
function expected(
  { description, values, quirkId }: Planned,
  target: Target,
): {
  readonly value: bigint | undefined;
  readonly results: readonly (number | undefined)[];
  readonly quirk: bigint | undefined;
} {
  const width = target.set === 'a64' ? 64 : 32;
  const registers = new Map<number, bigint>();
  let next = 0;
  for (const input of description.inputs) {
    if (!isParameter(input)) registers.set(input.register, BigInt(input.constant));
    else {
      const bits = description.block ? width : Math.min(width, input.bits);
      registers.set(input.register, BigInt.asUintN(bits, values[next++] as bigint));
    }
  }
  registers.set(0, BigInt.asUintN(width, -1n));
  const bytes: (number | undefined)[] = [];
  const kind = resultsOf(description);
  if (kind === 'memory') {
    for (const { register, bits } of description.outputs) {
      const size = (description.block ? width : Math.min(width, bits)) / 8;
      while (bytes.length % size !== 0) bytes.push(0xee);
      const value = registers.get(register);
      const little = Array.from({ length: size }, (_, i) =>
        value === undefined ? undefined : Number((value >> BigInt(8 * i)) & 0xffn),
      );
      bytes.push(...(target.data === 'little' ? little : little.reverse()));
    }
  }
  const total = (19 * width) / 8;
  while (bytes.length < total) bytes.push(0xee);
  const [only] = description.outputs;
  return {
    value: kind === 'return' && only ? registers.get(only.register) : undefined,
    results: bytes,
    quirk: description.quirk && quirkId === 1 ? registers.get(6) : 0n,
  };
}

/** What is wrong with an answer, in words; nothing where all is well. */
export function differences(planned: Planned, target: Target, answer: Answer): readonly string[] {
  const { value, results, quirk } = expected(planned, target);
  const wrong: string[] = [];
  const [only] = planned.description.outputs;
  const bits = target.set === 'a64' ? (only?.bits ?? 64) : 32;
  if (value !== undefined && BigInt.asUintN(bits, value) !== BigInt.asUintN(bits, answer.value)) {
    wrong.push(`value 0x${answer.value.toString(16)}, not 0x${value.toString(16)}`);
  }
  results.forEach((byte, i) => {
    if (byte !== undefined && byte !== answer.results[i]) wrong.push(`byte ${i} of the results`);
  });
  if (quirk !== undefined && quirk !== answer.quirk) wrong.push(`quirk 0x${answer.quirk.toString(16)}`);
  return wrong;
}
