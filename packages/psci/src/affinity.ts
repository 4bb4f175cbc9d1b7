/** What a CPU or affinity instance is: the numbers of AFFINITY_INFO (5.7). */
export const AFFINITY_ON = 0;
export const AFFINITY_OFF = 1;
export const AFFINITY_ON_PENDING = 2;

/** Affinity levels above the CPU's: Aff1 to Aff3. */
const GROUP_LEVELS = 3;

/** What {@link AffinityMap.find} and {@link AffinityMap.group} give for an affinity that is not there. */
export const NOT_FOUND = -1;

/**
 * Finds CPUs by affinity and keeps, for every affinity instance above them, how many of its CPUs are on and how many
 * are being started: a question about an instance of 4,096 CPUs costs what one about a single CPU costs.
 */
export class AffinityMap {
  readonly #cpus = new Map<number, number>();
  readonly #groups: readonly Map<number, number>[];
  /** The groups of each CPU, one for each level above it. */
  readonly #groupsOf: Int32Array;
  readonly #on: Int32Array;
  readonly #pending: Int32Array;

  constructor(affinities: Int32Array) {
    this.#groups = Array.from({ length: GROUP_LEVELS }, () => new Map<number, number>());
    this.#groupsOf = new Int32Array(affinities.length * GROUP_LEVELS);
    let groups = 0;
    for (let cpu = 0; cpu < affinities.length; cpu++) {
      const affinity = affinities[cpu] as number;
      this.#cpus.set(affinity, cpu);
      for (let level = 1; level <= GROUP_LEVELS; level++) {
        const byPrefix = this.#groups[level - 1] as Map<number, number>;
        const prefix = affinity >> (8 * level);
        let group = byPrefix.get(prefix);
        if (group === undefined) {
          group = groups++;
          byPrefix.set(prefix, group);
        }
        this.#groupsOf[cpu * GROUP_LEVELS + level - 1] = group;
      }
    }
    this.#on = new Int32Array(groups);
    this.#pending = new Int32Array(groups);
  }

  /** The number of the CPU with this packed affinity, or {@link NOT_FOUND}. */
  find(affinity: number): number {
    return this.#cpus.get(affinity) ?? NOT_FOUND;
  }

  /** The affinity instance at a level above the CPU's, or {@link NOT_FOUND} where it has no CPU. */
  group(affinity: number, level: number): number {
    return this.#groups[level - 1]?.get(affinity >> (8 * level)) ?? NOT_FOUND;
  }

  /** AFFINITY_INFO of an instance: on with any CPU on, else pending with any being started, else off. */
  groupState(group: number): number {
    if ((this.#on[group] as number) > 0) return AFFINITY_ON;
    return (this.#pending[group] as number) > 0 ? AFFINITY_ON_PENDING : AFFINITY_OFF;
  }

  /** A CPU went from one AFFINITY_INFO state to another. */
  moved(cpu: number, from: number, to: number): void {
    const first = cpu * GROUP_LEVELS;
    for (let i = first; i < first + GROUP_LEVELS; i++) {
      const group = this.#groupsOf[i] as number;
      if (from === AFFINITY_ON) this.#on[group] = (this.#on[group] as number) - 1;
      else if (from === AFFINITY_ON_PENDING) this.#pending[group] = (this.#pending[group] as number) - 1;
      if (to === AFFINITY_ON) this.#on[group] = (this.#on[group] as number) + 1;
      else if (to === AFFINITY_ON_PENDING) this.#pending[group] = (this.#pending[group] as number) + 1;
    }
  }
}
