/** What happens next, where a scheduler has a choice. */
export interface Point {
  /**
   * - `step`: a program goes on, up to where it next gives its CPU up;
   * - `wake`: the same, of a CPU that was waiting;
   * - `enter`: a starting CPU reaches its first instruction, and the program of its entry begins;
   * - `off`: a CPU that said off has gone;
   * - `suspend`: a waiting CPU enters its low-power state;
   * - `timer`: time moves on to the next alarm;
   * - `action`: something that was interposed.
   */
  readonly kind: 'step' | 'wake' | 'enter' | 'off' | 'suspend' | 'timer' | 'action';
  /** The CPU it happens to; -1 for `timer` and `action`. */
  readonly cpu: number;
  /** Words for reports: `cpu 1: enter`. */
  readonly name: string;
}

/**
 * Chooses among points, which are never none: gives the index of one. All points of CPUs come first, in the order of
 * the CPUs, then actions in the order in which they were interposed.
 */
export type Choose = (points: readonly Point[]) => number;

/** Takes turns: CPU after CPU, then an action, then CPU 0 again. */
export function roundRobin(): Choose {
  let last = -1;
  return (points) => {
    const turns = points.map(({ cpu }) => (cpu < 0 ? Number.POSITIVE_INFINITY : cpu));
    const next = Math.max(
      turns.findIndex((turn) => turn > last),
      0,
    );
    last = turns[next] as number;
    return next;
  };
}

/** Repeats a sequence of choices, as an exploration reports it; afterwards always takes the first point. */
export function replayChoices(choices: readonly number[]): Choose {
  let made = 0;
  return (points) => Math.min(choices[made++] ?? 0, points.length - 1);
}
