/** Bytes that are in registers at one time where much is copied. */
const BLOCK = 64;
/** Bytes of a pair of registers. */
const PAIR = 16;

/**
 * Copies within one page as Xen's memcpy does for AArch64 (arch/arm/arm64/lib/memcpy.S): forwards, in pieces that are
 * loaded whole before they are stored. It matters where the destination begins within the source: what is stored there
 * is loaded again later, and guests can see how large the pieces are.
 */
export function copyOverlapping(page: Uint8Array, from: number, to: number, length: number): void {
  const pieces = new Pieces(page, from, to);
  let left = length;
  if (left >= PAIR) {
    const unaligned = -from & (PAIR - 1);
    pieces.upwards(unaligned);
    left -= unaligned;
  }
  if (left >= 2 * BLOCK) left = pieces.blocks(left);
  else if (left >= BLOCK) {
    pieces.move(PAIR);
    pieces.move(2 * PAIR);
    pieces.move(PAIR);
    left -= BLOCK;
  }
  for (; left >= PAIR; left -= PAIR) pieces.move(PAIR);
  pieces.downwards(left);
}

class Pieces {
  readonly #page: Uint8Array;
  #from: number;
  #to: number;

  constructor(page: Uint8Array, from: number, to: number) {
    this.#page = page;
    this.#from = from;
    this.#to = to;
  }

  /** One piece: loaded whole, then stored. */
  move(length: number): void {
    this.#page.copyWithin(this.#to, this.#from, this.#from + length);
    this.#from += length;
    this.#to += length;
  }

  /** Fewer than 16 bytes, the smallest piece first. */
  upwards(length: number): void {
    for (const piece of [1, 2, 4, 8]) if ((length & piece) !== 0) this.move(piece);
  }

  /** Fewer than 16 bytes, the largest piece first. */
  downwards(length: number): void {
    for (const piece of [8, 4, 2, 1]) if ((length & piece) !== 0) this.move(piece);
  }

  /** Whole blocks: each pair of registers is loaded anew as soon as it is stored. Gives what is left. */
  blocks(length: number): number {
    const registers = this.#page.slice(this.#from, this.#from + BLOCK);
    this.#from += BLOCK;
    let left = length - BLOCK;
    for (; left >= BLOCK; left -= BLOCK) for (let at = 0; at < BLOCK; at += PAIR) this.#pass(registers, at, true);
    for (let at = 0; at < BLOCK; at += PAIR) this.#pass(registers, at, false);
    return left;
  }

  #pass(registers: Uint8Array, at: number, loads: boolean): void {
    this.#page.set(registers.subarray(at, at + PAIR), this.#to);
    this.#to += PAIR;
    if (!loads) return;
    registers.set(this.#page.subarray(this.#from, this.#from + PAIR), at);
    this.#from += PAIR;
  }
}
