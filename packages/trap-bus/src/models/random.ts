import type { RandomPort, Saved } from '@trapline/core';
import { SavedRecord } from './saved.js';

const FORMAT = 'trapline.random/1';
const MASK = 0xffff_ffff_ffff_ffffn;

/** Choices about randomness. */
export interface RandomOptions {
  /** Two ports with one seed give the same bytes; 0 where absent. Numbers count by their whole part. */
  readonly seed?: number | bigint;
}

/** A random port whose bytes follow from a seed: for runs that repeat, and of no use as entropy. */
export function createRandom(options: RandomOptions = {}): SeededRandom {
  return new SeededRandom(options);
}

/** The default model behind {@link RandomPort}: xoshiro128**, seeded by SplitMix64. Made by {@link createRandom}. */
export class SeededRandom implements RandomPort {
  /** Whether there is entropy at the moment; {@link fill} refuses while not. */
  available = true;
  readonly #seed: bigint;
  readonly #state: Int32Array = new Int32Array(4);

  constructor({ seed = 0 }: RandomOptions) {
    this.#seed = BigInt.asUintN(64, typeof seed === 'bigint' ? seed : BigInt(Math.trunc(seed)));
    this.#plant();
  }

  /** Fills with bytes of successive draws, four of each; false, and nothing drawn, while not {@link available}. */
  fill(target: Uint8Array): boolean {
    if (!this.available) return false;
    let word = 0;
    for (let i = 0; i < target.length; i++) {
      word = (i & 3) === 0 ? this.#draw() : word >>> 8;
      target[i] = word;
    }
    return true;
  }

  /** Back to the first byte of the seed, with entropy. */
  reset(): void {
    this.available = true;
    this.#plant();
  }

  save(): Saved {
    return { format: FORMAT, available: this.available, state: Array.from(this.#state, (word) => word >>> 0) };
  }

  /** Takes back what {@link save} gave. Throws `RestoreError`, and changes nothing, for anything else. */
  restore(saved: Saved): void {
    const record = SavedRecord.open(saved, FORMAT);
    const available = record.boolean('available');
    const state = record.integers('state', 0, 0xffff_ffff, 4);
    // From all zeros the generator never gets away.
    if (state.every((word) => word === 0)) throw record.error('no state of this generator');
    this.available = available;
    this.#state.set(state);
  }

  #draw(): number {
    const state = this.#state;
    const second = state[1] as number;
    const third = (state[2] as number) ^ (state[0] as number);
    const fourth = (state[3] as number) ^ second;
    state[1] = second ^ third;
    state[0] = (state[0] as number) ^ fourth;
    state[2] = third ^ (second << 9);
    state[3] = rotate(fourth, 11);
    return Math.imul(rotate(Math.imul(second, 5), 7), 9);
  }

  #plant(): void {
    let state = this.#seed;
    for (let i = 0; i < 4; i += 2) {
      state = (state + 0x9e37_79b9_7f4a_7c15n) & MASK;
      let mixed = ((state ^ (state >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
      mixed = ((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
      mixed ^= mixed >> 31n;
      this.#state[i] = Number(BigInt.asIntN(32, mixed));
      this.#state[i + 1] = Number(BigInt.asIntN(32, mixed >> 32n));
    }
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
