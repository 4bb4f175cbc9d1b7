/** What the boots of one kind came to. */
export class Results {
  kind;
  failures = [];
  #boots = [];

  constructor(kind) {
    this.kind = kind;
  }

  add(boot) {
    this.#boots.push(boot);
  }

  /** Least, middle and greatest of what the boots measured under a name; undefined where none did. */
  range(name) {
    const values = this.#boots.map((boot) => boot[name]).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    const sorted = values.toSorted((a, b) => a - b);
    return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
  }

  /** A line, with the boots of the same guest on QEMU's own PSCI beside it. */
  line(rounds, own) {
    const seconds = this.range('seconds');
    const parts = [`${this.kind}: ${this.#boots.length} of ${rounds} boots`];
    if (seconds !== undefined) {
      const [min, median, max] = [seconds.min, seconds.median, seconds.max].map((value) => value.toFixed(2));
      parts.push(`${min} s least, ${median} s median, ${max} s most`);
    }
    const ratio = this.ratio(own);
    if (ratio !== undefined) parts.push(`${ratio.toFixed(2)} × ${own.kind}`);
    const traps = this.range('traps');
    if (traps !== undefined) {
      parts.push(
        `${traps.median} traps, ${this.range('median').median} µs each (median), ${this.range('slow').median} µs (99 %)`,
      );
    }
    return parts.join('; ');
  }

  /** How many times as long as on QEMU's own PSCI the median boot took. */
  ratio(own) {
    const ours = this.range('seconds');
    const theirs = own?.range('seconds');
    return ours === undefined || theirs === undefined ? undefined : ours.median / theirs.median;
  }

  /** All of it as plain data. */
  data(own) {
    const ratio = this.ratio(own);
    return {
      kind: this.kind,
      boots: this.#boots,
      failures: this.failures,
      seconds: this.range('seconds'),
      ...(ratio !== undefined && { comparedWith: own.kind, ratio }),
      traps: this.range('traps'),
      microsecondsPerTrap: { median: this.range('median'), percentile99: this.range('slow') },
    };
  }
}
