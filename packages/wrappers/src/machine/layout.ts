import { isParameter, resultsOf, type WrapperDescription, type WrapperOutput } from '../description.js';

/** A result in memory. */
export interface StoredOutput {
  readonly output: WrapperOutput;
  readonly bits: 32 | 64;
  readonly offset: number;
}

/** Where each result stands behind the pointer: natural sizes and alignment, as the C structure has them. */
export function storedOutputs(description: WrapperDescription, a64: boolean): readonly StoredOutput[] {
  let offset = 0;
  return description.outputs.map((output) => {
    const bits = !a64 ? 32 : description.block ? 64 : output.bits;
    offset = Math.ceil(offset / (bits / 8)) * (bits / 8);
    const stored = { output, bits, offset };
    offset += bits / 8;
    return stored;
  });
}

/** Positions of a wrapper's parameters. */
export interface Positions {
  /** How many parameters fill registers; they come first. With a block: one, the block. */
  readonly values: number;
  /** Of the pointer to the results. */
  readonly results?: number;
  readonly quirk?: number;
}

/** Numbers a wrapper's parameters as C does. */
export function positionsOf(description: WrapperDescription): Positions {
  const values = description.block ? 1 : description.inputs.filter(isParameter).length;
  const inMemory = resultsOf(description) === 'memory';
  return {
    values,
    ...(inMemory ? { results: values } : {}),
    ...(description.quirk ? { quirk: values + (inMemory ? 1 : 0) } : {}),
  };
}
