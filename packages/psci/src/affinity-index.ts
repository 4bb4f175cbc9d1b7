/** What {@link AffinityIndex.find} gives for an affinity that is not there. */
export const NOT_FOUND = -1;

/** 2^32 divided by the golden ratio: spreads affinities, which differ in a few low bits, over all slots. */
const SPREAD = 0x9e37_79b1 | 0;

/**
 * A number for each of some packed affinities: a hash table in one array, at most half full, so that a look-up touches
 * one cache line whatever the number of CPUs.
 */
export class AffinityIndex {
  /** Affinity and number of each slot; a number of {@link NOT_FOUND} marks a free one. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #shift: number;

  constructor(affinities: Iterable<number>) {
    const list = [...affinities];
    const bits = Math.max(1, Math.ceil(Math.log2(2 * list.length + 1)));
    this.#slots = new Int32Array(2 ** (bits + 1)).fill(NOT_FOUND);
    this.#mask = 2 ** bits - 1;
    this.#shift = 32 - bits;
    list.forEach((affinity, number) => {
      const slot = this.#slotOf(affinity);
      this.#slots[2 * slot] = affinity;
      this.#slots[2 * slot + 1] = number;
    });
  }

  /** The number of an affinity by its place in the list, or {@link NOT_FOUND}. */
  find(affinity: number): number {
    return this.#slots[2 * this.#slotOf(affinity) + 1] as number;
  }

  /** The slot that holds an affinity, or the free one where it would stand. */
  #slotOf(affinity: number): number {
    let slot = Math.imul(affinity, SPREAD) >>> this.#shift;
    while (this.#slots[2 * slot + 1] !== NOT_FOUND && this.#slots[2 * slot] !== affinity)
      slot = (slot + 1) & this.#mask;
    return slot;
  }
}
