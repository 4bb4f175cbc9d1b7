/** What {@link IdTable.slotOf} gives for a number that is not in the table. */
export const NO_SLOT = -1;

/** Multipliers tried at one size before the table is made larger. */
const TRIES = 64;

/**
 * A perfect hash of int32 numbers, built once and read at every call: a multiplier for which no two numbers share a
 * slot, so that a look-up is one multiplication and one comparison. Sparse ids such as SMCCC's cost 2 ns this way,
 * against 6 in a Map.
 */
export class IdTable {
  /** How many slots there are: parallel arrays of this length hold what stands behind the numbers. */
  readonly size: number;
  /** A number's slot is the top bits of its product with this: see {@link slotOf}. */
  readonly multiplier: number;
  readonly shift: number;
  /** A slot's number; an empty slot has one that belongs to another slot, so that no look-up can meet it. */
  readonly ids: Int32Array;

  constructor(ids: readonly number[]) {
    const { multiplier, shift } = perfectHash(ids);
    this.multiplier = multiplier;
    this.shift = shift;
    this.size = 2 ** (32 - shift);
    this.ids = new Int32Array(this.size);
    // 0 belongs to slot 0; 1 to another, for every multiplier that spreads numbers at all.
    this.ids[0] = 1;
    for (const id of ids) this.ids[Math.imul(id, multiplier) >>> shift] = id;
  }

  /** The number in a slot that {@link slotOf} gave. */
  idOf(slot: number): number {
    return this.ids[slot] as number;
  }

  /** The slot of a number, or {@link NO_SLOT}. */
  slotOf(id: number): number {
    const slot = Math.imul(id, this.multiplier) >>> this.shift;
    return this.ids[slot] === id ? slot : NO_SLOT;
  }
}

function perfectHash(ids: readonly number[]): { multiplier: number; shift: number } {
  for (let bits = Math.max(1, Math.ceil(Math.log2(ids.length + 1))); ; bits++) {
    const shift = 32 - bits;
    let multiplier = 0x9e37_79b1;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (isPerfect(ids, multiplier, shift)) return { multiplier, shift };
      multiplier = (Math.imul(multiplier, 0x0019_660d) + 0x3c6e_f35f) | 1;
    }
  }
}

function isPerfect(ids: readonly number[], multiplier: number, shift: number): boolean {
  if (Math.imul(1, multiplier) >>> shift === 0) return false;
  const used = new Set<number>();
  for (const id of ids) {
    const slot = Math.imul(id, multiplier) >>> shift;
    if (used.has(slot)) return false;
    used.add(slot);
  }
  return true;
}
