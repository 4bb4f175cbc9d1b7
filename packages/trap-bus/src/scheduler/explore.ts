import { NondeterminismError } from './errors.js';
import { fingerprintKey } from './fingerprint-key.js';
import type { Choose } from './point.js';

/** Most runs of one exploration, unless it says otherwise. */
export const MAX_RUNS = 1_000_000;

/** A world that an exploration runs: usually a scheduler and what it schedules. */
export interface ExploredWorld {
  /** Runs to the end, with the choices that the world was made with. */
  run(): unknown;
}

/** Choices about an exploration. */
export interface ExploreOptions<World> {
  /** Most runs; {@link MAX_RUNS} where absent. */
  readonly runs?: number;
  /**
   * A text that is the same for two worlds only where they will behave the same. With it, a state that was reached
   * before is not explored again: far fewer runs, and as exhaustive as the text is exact.
   */
  readonly fingerprint?: (world: World) => string;
}

/** The sequence of choices after which a world failed. */
export interface ExploreFailure {
  /** What `replayChoices` takes to make it happen again. */
  readonly choices: readonly number[];
  /** Names of the points taken where there was a choice. */
  readonly points: readonly string[];
  readonly error: unknown;
}

/** What an exploration found. */
export interface ExploreReport {
  readonly runs: number;
  /** Runs that ended early, in a state that had been reached before. */
  readonly pruned: number;
  /** Whether every sequence of choices was run. False with a failure, or where the limit was reached. */
  readonly complete: boolean;
  readonly failure: ExploreFailure | undefined;
}

/** One place where there was a choice: which of how many was taken. */
interface Fork {
  taken: number;
  readonly count: number;
  name: string;
}

/** Leaves a run whose state was reached before. */
const PRUNED: unique symbol = Symbol('pruned');

/**
 * Runs a world under every sequence of choices, each time from scratch, depth first. `check` throws where a run ended
 * as it must not; so may the run. The first failure ends the exploration. Where building is slow, `makeWorld` may use
 * one machine again and restore its first state; schedulers and programs are made anew each time.
 *
 * Throws {@link NondeterminismError} where the same choices lead to other choices than before.
 */
export function explore<World extends ExploredWorld>(
  makeWorld: (choose: Choose) => World,
  check: (world: World) => void,
  options: ExploreOptions<World> = {},
): ExploreReport {
  const limit = options.runs ?? MAX_RUNS;
  const seen = new Set<string>();
  const path: Fork[] = [];
  let pruned = 0;

  for (let runs = 1; runs <= limit; runs++) {
    const walk = new Walk(path, () => {
      if (!options.fingerprint || !world) return true;
      const key = fingerprintKey(options.fingerprint(world));
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
    let world: World | undefined;
    try {
      world = makeWorld(walk.choose);
      world.run();
      walk.finish();
      check(world);
    } catch (error) {
      if (error instanceof NondeterminismError) throw error;
      if (error !== PRUNED) {
        const failure = { choices: path.map(({ taken }) => taken), points: path.map(({ name }) => name), error };
        return { runs, pruned, complete: false, failure };
      }
      pruned++;
    }
    if (!nextPath(path)) return { runs, pruned, complete: true, failure: undefined };
  }
  return { runs: limit, pruned, complete: false, failure: undefined };
}

/** Makes the choices of one run: those of the path, and the first one wherever the path ends. */
class Walk {
  readonly choose: Choose;
  readonly #path: Fork[];
  #made = 0;

  constructor(path: Fork[], isNew: () => boolean) {
    this.#path = path;
    this.choose = (points) => {
      if (points.length === 1) return 0;
      const fork = this.#path[this.#made++];
      if (!fork) {
        if (!isNew()) throw PRUNED;
        this.#path.push({ taken: 0, count: points.length, name: points[0]?.name ?? '' });
        return 0;
      }
      if (fork.count !== points.length) {
        throw new NondeterminismError(
          `choice ${this.#made} was among ${fork.count} points and is now among ${points.length}`,
        );
      }
      fork.name = points[fork.taken]?.name ?? '';
      return fork.taken;
    };
  }

  /** Checks that the run made all choices of the path. */
  finish(): void {
    if (this.#made >= this.#path.length) return;
    throw new NondeterminismError(`the run ended after ${this.#made} choices, and made ${this.#path.length} before`);
  }
}

/** Moves the path on to the next sequence of choices; false where it was the last. */
function nextPath(path: Fork[]): boolean {
  for (let last = path.at(-1); last; last = path.at(-1)) {
    last.taken++;
    if (last.taken < last.count) return true;
    path.pop();
  }
  return false;
}
