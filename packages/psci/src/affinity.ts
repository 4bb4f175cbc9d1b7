import { AffinityIndex } from './affinity-index.js';

/** What a CPU or affinity instance is: the numbers of AFFINITY_INFO (5.7). */
export const AFFINITY_ON = 0;
export const AFFINITY_OFF = 1;
export const AFFINITY_ON_PENDING = 2;

/** Affinity levels above the CPU's: Aff1 to Aff3. */
const GROUP_LEVELS = 3;

/**
 * Finds CPUs by affinity and keeps, for every affinity instance above them, how many of its CPUs are on and how many
 * are being started: a question about an instance of 4,096 CPUs costs what one about a single CPU costs.
 */
export class AffinityMap {
  readonly #cpus: AffinityIndex;
  /** The instances of each level, by affinity shifted down to it. */
  readonly #groups: readonly AffinityIndex[];
  /** Where the instances of each level begin in the counters. */
  readonly #firsts: readonly number[];
  /** The instances of each CPU, one for each level above it. */
  readonly #groupsOf: Int32Array;
  readonly #on: Int32Array;
  readonly #pending: Int32Array;

  constructor(affinities: Int32Array) {
    this.#cpus = new AffinityIndex(affinities);
    const prefixes = Array.from(
      { length: GROUP_LEVELS },
      (_, i) => new Set([...affinities].map((a) => a >> (8 * i + 8))),
    );
    this.#groups = prefixes.map((set) => new AffinityIndex(set));
    this.#firsts = prefixes.map((_, i) => prefixes.slice(0, i).reduce((sum, set) => sum + set.size, 0));
    const groups = prefixes.reduce((sum, set) => sum + set.size, 0);
    this.#on = new Int32Array(groups);
    this.#pending = new Int32Array(groups);
    this.#groupsOf = new Int32Array(affinities.length * GROUP_LEVELS);
    affinities.forEach((affinity, cpu) => {
      for (let level = 1; level <= GROUP_LEVELS; level++) {
        this.#groupsOf[cpu * GROUP_LEVELS + level - 1] = this.group(affinity, level);
      }
    });
  }

  /** The number of the CPU with this packed affinity, or {@link NOT_FOUND}. */
  find(affinity: number): number {
    return this.#cpus.find(affinity);
  }

  /** The affinity instance at a level from 1 to 3, or {@link NOT_FOUND} where it has no CPU. */
  group(affinity: number, level: number): number {
    const found = (this.#groups[level - 1] as AffinityIndex).find(affinity >> (8 * level));
    return found < 0 ? found : found + (this.#firsts[level - 1] as number);
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
