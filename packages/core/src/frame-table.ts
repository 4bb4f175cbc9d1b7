/** Frames whose values are found without a look into the map: as many as numbers of these bits. */
const RECENT_BITS = 8;
const RECENT = 256;
/** What a place without a frame has. */
const NO_FRAME = -1;

/**
 * What is known of single frames, by their numbers, in the order in which it came. A map of Numbers, with the frames that
 * were asked for of late in front of it: each has one place there, and one that is found at its place costs a fraction of
 * what the map takes.
 */
export class FrameTable<Value> {
  readonly #values = new Map<number, Value>();
  /** Frames at their places. Those from 2^31 on are never there: comparing doubles would cost the others more. */
  readonly #frames: Int32Array = new Int32Array(RECENT).fill(NO_FRAME);
  /** What they have: undefined too, where it is known that there is nothing. */
  readonly #recent: (Value | undefined)[] = new Array(RECENT).fill(undefined);

  /** How many frames have a value. */
  get size(): number {
    return this.#values.size;
  }

  get(frame: number): Value | undefined {
    // The golden ratio of 2^32 spreads frames that lie in a row, or regularly apart, over the places.
    const place = Math.imul(frame, 0x9e37_79b1) >>> (32 - RECENT_BITS);
    return this.#frames[place] === frame ? this.#recent[place] : this.#keep(frame, this.#values.get(frame));
  }

  has(frame: number): boolean {
    return this.get(frame) !== undefined;
  }

  /** Sets a frame's value, which is not undefined. */
  set(frame: number, value: Value): void {
    this.#values.set(frame, value);
    this.#keep(frame, value);
  }

  delete(frame: number): void {
    if (this.#values.delete(frame)) this.#keep(frame, undefined);
  }

  clear(): void {
    this.#values.clear();
    this.#frames.fill(NO_FRAME);
    this.#recent.fill(undefined);
  }

  keys(): IterableIterator<number> {
    return this.#values.keys();
  }

  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  [Symbol.iterator](): IterableIterator<[number, Value]> {
    return this.#values[Symbol.iterator]();
  }

  #keep(frame: number, value: Value | undefined): Value | undefined {
    if ((frame | 0) !== frame) return value;
    const place = Math.imul(frame, 0x9e37_79b1) >>> (32 - RECENT_BITS);
    this.#frames[place] = frame;
    this.#recent[place] = value;
    return value;
  }
}
