import type { SharedWords } from '@trapline/core';

/** Words that somebody else may change before each operation on them. */
export class InterleavedWords implements SharedWords {
  readonly plain: SharedWords;
  readonly #between: () => void;

  constructor(plain: SharedWords, between: () => void) {
    this.plain = plain;
    this.#between = between;
  }

  load(index: number): number {
    this.#between();
    return this.plain.load(index);
  }

  store(index: number, value: number): void {
    this.#between();
    this.plain.store(index, value);
  }

  or(index: number, bits: number): number {
    this.#between();
    return this.plain.or(index, bits);
  }

  and(index: number, bits: number): number {
    this.#between();
    return this.plain.and(index, bits);
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    this.#between();
    return this.plain.compareExchange(index, expected, replacement);
  }
}

/** Runs a guest's program step by step, as many steps at each point as a schedule says. */
export class Interleaving {
  readonly #schedule: readonly number[];
  #next = 0;
  #running = false;
  program: Generator<void> | undefined;

  constructor(schedule: readonly number[]) {
    this.#schedule = schedule;
  }

  /** Another point at which the guest may get ahead; not within its own steps. */
  readonly point = (): void => {
    if (this.#running || this.program === undefined) return;
    this.#run(this.#schedule[this.#next++ % Math.max(1, this.#schedule.length)] ?? 0);
  };

  /** Lets the guest run to the end of its program. */
  finish(): void {
    this.#run(Number.POSITIVE_INFINITY);
  }

  #run(steps: number): void {
    this.#running = true;
    for (let i = 0; i < steps; i++) {
      if (this.program?.next().done ?? true) {
        this.program = undefined;
        break;
      }
    }
    this.#running = false;
  }
}
