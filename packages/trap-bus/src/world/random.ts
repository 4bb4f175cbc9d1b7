import type { RandomPort, Saved } from '@trapline/core';
import { hex, hexOf, recordOf } from '../saved/values.js';

const MASK = 0xffff_ffff_ffff_ffffn;

/** Deterministic randomness for tests and repeated runs (SplitMix64): one seed, one sequence. No use as entropy. */
export class SeededRandom implements RandomPort {
  readonly #seed: bigint;
  #state: bigint;

  constructor(seed: number) {
    this.#seed = BigInt.asUintN(64, BigInt(Math.trunc(seed)));
    this.#state = this.#seed;
  }

  fill(target: Uint8Array): boolean {
    for (let i = 0; i < target.length; i += 8) {
      let value = this.#next();
      for (let j = i; j < Math.min(i + 8, target.length); j++) {
        target[j] = Number(value & 0xffn);
        value >>= 8n;
      }
    }
    return true;
  }

  reset(): void {
    this.#state = this.#seed;
  }

  save(): Saved {
    return { state: hex(this.#state) };
  }

  restore(saved: Saved | undefined, place: string): void {
    this.#state = hexOf(recordOf(saved, place).state, `${place}.state`);
  }

  #next(): bigint {
    this.#state = (this.#state + 0x9e37_79b9_7f4a_7c15n) & MASK;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
    return z ^ (z >> 31n);
  }
}
