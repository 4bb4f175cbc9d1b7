import type { ClockPort } from '@trapline/core';
import type { Cpus } from './cpus.js';
import { LOCAL_RUN, LOCAL_STATES } from './idle-state.js';

/** Plain data of {@link Statistics.save}. */
export interface SavedStatistics {
  readonly counts: readonly number[];
  readonly times: readonly number[];
  readonly states: readonly number[];
  readonly since: readonly number[];
}

/**
 * How often and how long every CPU and every domain has been in each local state (5.22, 5.23): kept at each change, in
 * nanoseconds of the machine's clock. Nodes are the CPUs first, then the domains.
 */
export class Statistics {
  readonly #clock: ClockPort;
  readonly #cpus: Cpus;
  readonly #counts: Int32Array;
  readonly #times: Float64Array;
  /** The local state each node is in, and since when. */
  readonly #states: Uint8Array;
  readonly #since: Float64Array;

  constructor(cpus: Cpus, clock: ClockPort) {
    this.#clock = clock;
    this.#cpus = cpus;
    const nodes = cpus.count + cpus.topology.parents.length;
    this.#counts = new Int32Array(nodes * LOCAL_STATES);
    this.#times = new Float64Array(nodes * LOCAL_STATES);
    this.#states = new Uint8Array(nodes);
    this.#since = new Float64Array(nodes);
  }

  /** The node of a CPU or of the domain above it at a level, or −1. */
  node(cpu: number, level: number): number {
    if (level === 0) return cpu;
    const domain = this.#cpus.domains.domainAt(cpu, level);
    return domain < 0 ? -1 : this.#cpus.count + domain;
  }

  count(node: number, local: number): number {
    return this.#counts[node * LOCAL_STATES + local] as number;
  }

  /** Whole microseconds. */
  residency(node: number, local: number): number {
    return Math.floor((this.#times[node * LOCAL_STATES + local] as number) / 1000);
  }

  /**
   * A CPU changed what it asks for: closes the periods that end and opens those that begin, of the domains above it
   * and, where `own`, of the CPU itself. The clock is read only if there is one.
   */
  changed(cpu: number, own: boolean): void {
    if (!this.#differs(cpu, own)) return;
    const now = Number(this.#clock.now());
    const { domains, topology } = this.#cpus;
    if (own) this.#move(cpu, domains.cpuState(cpu), now);
    for (let domain = topology.domainOf[cpu] as number; domain >= 0; domain = topology.parents[domain] as number) {
      this.#move(this.#cpus.count + domain, domains.domainState(domain), now);
    }
  }

  /** Everything is as the CPUs are now; nothing has been counted. CPUs that are off count as idle where `off`. */
  reset(off: boolean): void {
    this.#counts.fill(0);
    this.#times.fill(0);
    this.#states.fill(LOCAL_RUN);
    this.#since.fill(0);
    for (let cpu = 0; off && cpu < this.#cpus.count; cpu++) this.#states[cpu] = this.#cpus.domains.cpuState(cpu);
  }

  save(): SavedStatistics {
    return {
      counts: [...this.#counts],
      times: [...this.#times],
      states: [...this.#states],
      since: [...this.#since],
    };
  }

  restore(saved: SavedStatistics): void {
    this.#counts.set(saved.counts);
    this.#times.set(saved.times);
    this.#states.set(saved.states);
    this.#since.set(saved.since);
  }

  #differs(cpu: number, own: boolean): boolean {
    const { domains, topology } = this.#cpus;
    if (own && this.#states[cpu] !== domains.cpuState(cpu)) return true;
    for (let domain = topology.domainOf[cpu] as number; domain >= 0; domain = topology.parents[domain] as number) {
      if (this.#states[this.#cpus.count + domain] !== domains.domainState(domain)) return true;
    }
    return false;
  }

  #move(node: number, local: number, now: number): void {
    const before = this.#states[node] as number;
    if (before === local) return;
    if (before !== LOCAL_RUN) {
      const slot = node * LOCAL_STATES + before;
      this.#counts[slot] = (this.#counts[slot] as number) + 1;
      this.#times[slot] = (this.#times[slot] as number) + (now - (this.#since[node] as number));
    }
    this.#states[node] = local;
    this.#since[node] = now;
  }
}
