import { LOCAL_RUN, LOCAL_STATES } from './idle-state.js';
import type { FlatTopology } from './topology.js';

/** What {@link PowerDomains.lastAt} answers. */
export type LastAt = 'last' | 'others-run' | 'others-shallower';

/**
 * What every CPU asks of every domain above it, kept as counters: votes for each local state. A domain's state is the
 * shallowest that any of its CPUs asks for (4.2.1, platform-coordinated mode); a CPU's change costs as much as there
 * are levels.
 */
export class PowerDomains {
  readonly #topology: FlatTopology;
  readonly #votes: Int32Array;
  /** What each CPU asks for at each level, the CPU's own first. */
  readonly #asked: Uint8Array;
  readonly #levels: number;

  constructor(topology: FlatTopology, initial: number) {
    this.#topology = topology;
    this.#levels = topology.maxLevel + 1;
    this.#votes = new Int32Array(topology.parents.length * LOCAL_STATES);
    this.#asked = new Uint8Array(topology.affinities.length * this.#levels).fill(initial);
    for (let cpu = 0; cpu < topology.affinities.length; cpu++) {
      for (let domain = topology.domainOf[cpu] as number; domain >= 0; domain = topology.parents[domain] as number) {
        this.#add(domain, initial, 1);
      }
    }
  }

  /** How many numbers {@link PowerDomains.save} gives. */
  get slots(): number {
    return this.#asked.length;
  }

  /** What every CPU asks for: everything else follows from it. */
  save(): readonly number[] {
    return [...this.#asked];
  }

  restore(asked: readonly number[]): void {
    for (let cpu = 0; cpu < this.#topology.affinities.length; cpu++) {
      this.ask(cpu, asked.slice(cpu * this.#levels, (cpu + 1) * this.#levels));
    }
  }

  /** The domain of a CPU at a level from 1, or −1. */
  domainAt(cpu: number, level: number): number {
    let domain = this.#topology.domainOf[cpu] as number;
    for (let at = 1; at < level && domain >= 0; at++) domain = this.#topology.parents[domain] as number;
    return domain;
  }

  /** The local state a CPU itself is in. */
  cpuState(cpu: number): number {
    return this.#asked[cpu * this.#levels] as number;
  }

  /** The local state a domain is in: the shallowest that is asked for. */
  domainState(domain: number): number {
    const first = domain * LOCAL_STATES;
    for (let local = 0; local < LOCAL_STATES; local++) if ((this.#votes[first + local] as number) > 0) return local;
    return LOCAL_RUN;
  }

  /** A CPU asks for these local states; levels left out, and an absent list, ask to run. */
  ask(cpu: number, levels: readonly number[] | undefined): void {
    const first = cpu * this.#levels;
    this.#asked[first] = levels === undefined ? LOCAL_RUN : (levels[0] ?? LOCAL_RUN);
    let domain = this.#topology.domainOf[cpu] as number;
    for (let level = 1; domain >= 0; level++) {
      const wanted = levels === undefined ? LOCAL_RUN : (levels[level] ?? LOCAL_RUN);
      this.#change(first + level, domain, wanted);
      domain = this.#topology.parents[domain] as number;
    }
  }

  /** A CPU asks for one local state at every level, as one that is off does. */
  askAll(cpu: number, local: number): void {
    const first = cpu * this.#levels;
    this.#asked[first] = local;
    let domain = this.#topology.domainOf[cpu] as number;
    for (let level = 1; domain >= 0; level++) {
      this.#change(first + level, domain, local);
      domain = this.#topology.parents[domain] as number;
    }
  }

  /**
   * Whether every other CPU of the domains up to a level asks for at least what is asked for here (4.2.2,
   * OS-initiated mode: the caller says that it is the last).
   */
  lastAt(cpu: number, levels: readonly number[]): LastAt {
    const first = cpu * this.#levels;
    let domain = this.#topology.domainOf[cpu] as number;
    for (let level = 1; level < levels.length && domain >= 0; level++) {
      const wanted = levels[level] as number;
      if (wanted === LOCAL_RUN) break;
      const own = this.#asked[first + level] as number;
      for (let local = 0; local < wanted; local++) {
        const others = (this.#votes[domain * LOCAL_STATES + local] as number) - (own === local ? 1 : 0);
        if (others > 0) return local === LOCAL_RUN ? 'others-run' : 'others-shallower';
      }
      domain = this.#topology.parents[domain] as number;
    }
    return 'last';
  }

  /**
   * Whether, up to a level, everything beside the CPU's own branch is itself at least as deep as is asked for the domain
   * around it, whatever it asked of that domain.
   */
  deepestAt(cpu: number, levels: readonly number[]): LastAt {
    let branch = -1;
    let domain = this.#topology.domainOf[cpu] as number;
    for (let level = 1; level < levels.length && domain >= 0; level++) {
      const wanted = levels[level] as number;
      if (wanted === LOCAL_RUN) break;
      const shallowest = branch < 0 ? this.#shallowestCpu(domain, cpu) : this.#shallowestDomain(domain, branch);
      if (shallowest < wanted) return shallowest === LOCAL_RUN ? 'others-run' : 'others-shallower';
      branch = domain;
      domain = this.#topology.parents[domain] as number;
    }
    return 'last';
  }

  /** Makes the other CPUs of the domains that go down ask for it too: what they asked for does not hold a domain up. */
  takeDown(cpu: number, levels: readonly number[]): void {
    let domain = this.#topology.domainOf[cpu] as number;
    for (let level = 1; level < levels.length && domain >= 0; level++) {
      const wanted = levels[level] as number;
      for (let other = 0; other < this.#topology.affinities.length; other++) {
        const slot = other * this.#levels + level;
        if (other === cpu || this.domainAt(other, level) !== domain) continue;
        if ((this.#asked[slot] as number) < wanted) this.#change(slot, domain, wanted);
      }
      domain = this.#topology.parents[domain] as number;
    }
  }

  #shallowestCpu(domain: number, except: number): number {
    let shallowest = LOCAL_STATES;
    for (let cpu = 0; cpu < this.#topology.affinities.length; cpu++) {
      if (cpu !== except && this.#topology.domainOf[cpu] === domain)
        shallowest = Math.min(shallowest, this.cpuState(cpu));
    }
    return shallowest;
  }

  #shallowestDomain(parent: number, except: number): number {
    let shallowest = LOCAL_STATES;
    for (let domain = 0; domain < this.#topology.parents.length; domain++) {
      if (domain === except || this.#topology.parents[domain] !== parent) continue;
      shallowest = Math.min(shallowest, this.domainState(domain));
    }
    return shallowest;
  }

  #change(slot: number, domain: number, wanted: number): void {
    const before = this.#asked[slot] as number;
    if (before === wanted) return;
    this.#asked[slot] = wanted;
    this.#add(domain, before, -1);
    this.#add(domain, wanted, 1);
  }

  #add(domain: number, local: number, by: number): void {
    const slot = domain * LOCAL_STATES + local;
    this.#votes[slot] = (this.#votes[slot] as number) + by;
  }
}
