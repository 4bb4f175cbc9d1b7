import type { ClockPort, Pe } from '@trapline/core';

/** CNTFRQ_EL0 of QEMU's CPUs: one tick is 16 ns. */
export const FREQUENCY = 62_500_000;

const NANOSECONDS = 1_000_000_000n;
const TICK_NANOSECONDS = NANOSECONDS / BigInt(FREQUENCY);

/** What the clock of a running machine asks. */
export interface ClockSurroundings {
  /** Nanoseconds of the host's clock that never goes back. */
  now(): bigint;
  /** Nanoseconds since 1970 by the host's wall clock. */
  wall(): bigint;
  /** Nanoseconds that a CPU spent waiting for the outside. */
  waited(pe: Pe): bigint;
  /** Does work while a CPU is in the monitor. */
  post(work: () => void): void;
}

/**
 * The time of a running machine: the host's, and the guest's counter as its frames tell it.
 *
 * Stolen from a CPU is the time that it stood in the monitor and waited for an answer to its calls: it could have run.
 */
export class MachineClock implements ClockPort {
  readonly frequency: number = FREQUENCY;
  readonly #around: ClockSurroundings;
  #counter = 0n;
  #countedAt: bigint;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(around: ClockSurroundings) {
    this.#around = around;
    this.#countedAt = around.now();
  }

  now(): bigint {
    return this.#around.now();
  }

  counter(): bigint {
    return this.#counter + (this.#around.now() - this.#countedAt) / TICK_NANOSECONDS;
  }

  wall(): bigint {
    return this.#around.wall();
  }

  stolen(pe: Pe): bigint {
    return this.#around.waited(pe);
  }

  at(time: bigint, fire: () => void): () => void {
    const milliseconds = Number((time - this.#around.now()) / 1_000_000n);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#around.post(fire);
      },
      Math.min(Math.max(milliseconds, 0), 0x7fff_ffff),
    );
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /** The guest's counter as a frame says it. */
  heard(counter: bigint): void {
    this.#counter = counter;
    this.#countedAt = this.#around.now();
  }

  /** Forgets all alarms. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
