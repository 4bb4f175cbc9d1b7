import type { Scenario } from '@trapline/recordings';
import { type Detail, type FileReport, MAX_DETAILS } from './detail.js';

/**
 * Counts the calls of a recording as equal, different or skipped.
 *
 * Each call counts once. What is found in another step counts against the call before it; before the first call,
 * against that one. A scenario without calls counts as one. A call with both is different.
 */
export class Tally {
  readonly #file: string;
  readonly #details: Detail[] = [];
  #omitted = 0;
  #calls = 0;
  #different = 0;
  #skipped = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Opens the book of a scenario: findings go there, {@link ScenarioTally.close} counts them. */
  scenario(scenario: Scenario, index: number): ScenarioTally {
    return new ScenarioTally(scenario, index, {
      keep: (detail) => this.#keep({ ...detail, file: this.#file }),
      count: (calls, different, skipped) => {
        this.#calls += calls;
        this.#different += different;
        this.#skipped += skipped;
      },
    });
  }

  report(): FileReport {
    return {
      file: this.#file,
      calls: this.#calls,
      equal: this.#calls - this.#different - this.#skipped,
      different: this.#different,
      skipped: this.#skipped,
      details: this.#details,
      omitted: this.#omitted,
    };
  }

  #keep(detail: Detail): void {
    if (this.#details.length < MAX_DETAILS) this.#details.push(detail);
    else this.#omitted++;
  }
}

interface Book {
  keep(detail: Omit<Detail, 'file'>): void;
  count(calls: number, different: number, skipped: number): void;
}

/** The findings of one scenario. */
export class ScenarioTally {
  readonly #scenario: Scenario;
  readonly #index: number;
  readonly #book: Book;
  /** By step, the number of the call that answers for it. */
  readonly #owners: readonly number[];
  readonly #calls: number;
  readonly #different = new Set<number>();
  readonly #skipped = new Set<number>();

  constructor(scenario: Scenario, index: number, book: Book) {
    this.#scenario = scenario;
    this.#index = index;
    this.#book = book;
    let calls = 0;
    this.#owners = scenario.steps.map(({ op }) => Math.max(0, op === 'call' ? calls++ : calls - 1));
    this.#calls = Math.max(1, calls);
  }

  /** Something in a step, or in the scenario as a whole (null), is not as recorded. */
  different(step: number | null, what: string, expected: string, got: string): void {
    this.#different.add(this.#owner(step));
    this.#keep('different', step, { what, expected, got, reason: '' });
  }

  /** A step cannot be played. */
  skip(step: number, reason: string): void {
    this.#skipped.add(this.#owner(step));
    this.#keep('skipped', step, { what: '', expected: '', got: '', reason });
  }

  /** Nothing from this step on can be played. */
  skipFrom(step: number, reason: string): void {
    for (let owner = this.#owner(step); owner < this.#calls; owner++) this.#skipped.add(owner);
    this.#keep('skipped', step === 0 ? null : step, { what: '', expected: '', got: '', reason });
  }

  close(): void {
    for (const call of this.#different) this.#skipped.delete(call);
    this.#book.count(this.#calls, this.#different.size, this.#skipped.size);
  }

  #owner(step: number | null): number {
    return this.#owners[step ?? 0] ?? 0;
  }

  #keep(
    verdict: Detail['verdict'],
    step: number | null,
    words: Pick<Detail, 'what' | 'expected' | 'got' | 'reason'>,
  ): void {
    const { id, steps } = this.#scenario;
    const op = step === null ? null : (steps[step]?.op ?? null);
    this.#book.keep({ verdict, scenario: id, scenarioIndex: this.#index, step, op, ...words });
  }
}
