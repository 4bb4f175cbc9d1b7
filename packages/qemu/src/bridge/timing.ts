const TICK_NANOSECONDS = 16;

/** Most round trips that are kept for percentiles; later ones take the place of earlier ones. */
export const MAX_SAMPLES = 65_536;

/** How long the guest's calls took, as its own counter saw them: from the monitor's entry to its exit. */
export class Timing {
  readonly #entered: (bigint | undefined)[];
  readonly #waited: bigint[];
  readonly #samples: number[] = [];
  #count = 0;

  constructor(cpus: number) {
    this.#entered = new Array<bigint | undefined>(cpus).fill(undefined);
    this.#waited = new Array<bigint>(cpus).fill(0n);
  }

  /** How many round trips were seen to their end. */
  get count(): number {
    return this.#count;
  }

  /** A CPU's call is answered: it goes on. */
  answered(cpu: number, entered: bigint): void {
    this.#entered[cpu] = entered;
  }

  /** A CPU has come back, and its mailbox says when it had left. */
  left(cpu: number, left: bigint): void {
    const entered = this.#entered[cpu];
    if (entered === undefined || left < entered) return;
    this.#entered[cpu] = undefined;
    const nanoseconds = (left - entered) * BigInt(TICK_NANOSECONDS);
    this.#waited[cpu] = (this.#waited[cpu] as bigint) + nanoseconds;
    this.#samples[this.#count++ % MAX_SAMPLES] = Number(nanoseconds) / 1000;
  }

  /** Nanoseconds that a CPU waited for answers. */
  waited(cpu: number): bigint {
    return this.#waited[cpu] ?? 0n;
  }

  /** Microseconds within which a share of the round trips was through: 0.5 for the median; 0 where there were none. */
  percentile(share: number): number {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  }
}
