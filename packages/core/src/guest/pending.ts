import type { Outcome } from '../outcome.js';

/**
 * The answer of a call that may keep its CPU waiting.
 *
 * In a guest program, `const result = yield* client.cpuSuspend(…)` gives the CPU up until the call returns. Elsewhere
 * `waiting` tells whether it has returned: if not, `result` is not there yet (it is read when the CPU runs again).
 */
export class Pending<Result> {
  readonly outcome: Outcome;
  readonly #read: () => Result;

  constructor(outcome: Outcome, read: () => Result) {
    this.outcome = outcome;
    this.#read = read;
  }

  /** Whether the CPU is still kept: waiting, off, or stopped by a system event. */
  get waiting(): boolean {
    return this.outcome.kind !== 'returned';
  }

  /** The result, once the CPU runs again. */
  get result(): Result {
    return this.#read();
  }

  *[Symbol.iterator](): Generator<Outcome, Result, void> {
    if (this.waiting) yield this.outcome;
    return this.#read();
  }
}

/** Code that runs on one CPU, written as a generator: it gives the CPU up at every call that waits. */
export type GuestProgram = (cpu: import('./conduit.js').Caller) => Generator<Outcome, void, void>;
