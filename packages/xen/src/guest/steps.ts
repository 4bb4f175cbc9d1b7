import type { Outcome } from '@trapline/core';

/** Work of several calls, of which some may keep the CPU waiting. */
export type Work<Result> = Generator<Outcome, Result, void>;

/**
 * Work in hand. In a guest program `yield* store.read(…)` gives the CPU up at every wait; elsewhere {@link waiting} tells
 * whether it has come to its end, and {@link result} carries on with it once the CPU runs again.
 *
 * It begins when it is made: what need not wait is done then.
 */
export class Steps<Result> {
  readonly #work: Work<Result>;
  #state: IteratorResult<Outcome, Result>;

  constructor(work: Work<Result>) {
    this.#work = work;
    this.#state = work.next();
  }

  /** Whether the CPU was last seen waiting. */
  get waiting(): boolean {
    return this.#state.done !== true;
  }

  /** The result. Throws a {@link StillWaiting} where the work waits again. */
  get result(): Result {
    if (this.#state.done !== true) this.#state = this.#work.next();
    if (this.#state.done !== true) throw new StillWaiting(this.#state.value);
    return this.#state.value;
  }

  *[Symbol.iterator](): Work<Result> {
    while (this.#state.done !== true) {
      yield this.#state.value;
      this.#state = this.#work.next();
    }
    return this.#state.value;
  }
}

/** A result was asked for that is not there yet: the CPU waits. Guest programs `yield*` in place of asking. */
export class StillWaiting extends Error {
  override readonly name = 'StillWaiting';
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(`not done yet: ${outcome.kind === 'wait' ? outcome.why : outcome.kind}`);
    this.outcome = outcome;
  }
}
