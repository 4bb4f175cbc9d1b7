import type { ScenarioTally } from './tally.js';

/** What is found in one step. */
export class Findings {
  readonly #tally: ScenarioTally;
  readonly #step: number;
  readonly #prefix: string;

  constructor(tally: ScenarioTally, step: number, prefix = '') {
    this.#tally = tally;
    this.#step = step;
    this.#prefix = prefix;
  }

  /** The same step; what differs is named with a prefix. */
  of(prefix: string): Findings {
    return new Findings(this.#tally, this.#step, `${this.#prefix}${prefix} `);
  }

  /** Says that something differs where the two texts do. */
  compare(what: string, expected: string, got: string): void {
    if (expected !== got) this.different(what, expected, got);
  }

  different(what: string, expected: string, got: string): void {
    this.#tally.different(this.#step, `${this.#prefix}${what}`, expected, got);
  }

  skip(reason: string): void {
    this.#tally.skip(this.#step, reason);
  }
}
