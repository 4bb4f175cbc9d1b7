/**
 * A small deterministic generator (xoshiro128**, Blackman and Vigna 2018): a run of millions of calls is repeated from
 * its seed alone. Not for cryptography.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    // SplitMix32 spreads the seed over the state, which must not be all zero.
    const next = (): number => {
      seed = (seed + 0x9e37_79b9) | 0;
      let z = seed;
      z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
      return z ^ (z >>> 16);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** 32 random bits as int32. */
  bits(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result | 0;
  }

  /** An integer from 0 to `below` − 1. */
  below(below: number): number {
    return (this.bits() >>> 0) % below;
  }

  /** True once in `times` calls. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** An element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}
