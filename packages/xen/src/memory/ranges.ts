/** Frames from one on, and how many. */
export interface FrameRange {
  readonly start: number;
  readonly count: number;
}

/** Ranges of frames, for the question whether a frame is in one of them. */
export class FrameRanges {
  /** How many frames all ranges have. */
  readonly count: number;
  /** The frame behind the last range; 0 for none. */
  readonly end: number;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;

  /** Takes ranges that do not overlap, in any order. */
  constructor(ranges: readonly FrameRange[]) {
    const sorted = ranges.filter(({ count }) => count > 0).sort((a, b) => a.start - b.start);
    this.#starts = Float64Array.from(sorted, ({ start }) => start);
    this.#ends = Float64Array.from(sorted, ({ start, count }) => start + count);
    this.count = sorted.reduce((sum, { count }) => sum + count, 0);
    this.end = this.#ends.at(-1) ?? 0;
  }

  has(frame: number): boolean {
    const starts = this.#starts;
    const ends = this.#ends;
    for (let i = 0; i < starts.length; i++) {
      if (frame < (starts[i] as number)) return false;
      if (frame < (ends[i] as number)) return true;
    }
    return false;
  }

  /** The ranges, in order. */
  list(): FrameRange[] {
    return Array.from(this.#starts, (start, i) => ({ start, count: (this.#ends[i] as number) - start }));
  }
}
