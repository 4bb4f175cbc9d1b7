import { CompositionError } from '@trapline/core';

/**
 * A power domain above the CPUs: the CPUs directly in it, by packed affinity (Aff3.Aff2.Aff1.Aff0, as
 * `affinityOf` packs them), or the domains in it.
 */
export interface PowerDomain {
  readonly name?: string;
  readonly cpus?: readonly number[];
  readonly domains?: readonly PowerDomain[];
}

/** CPUs that a topology may declare: Aff1.Aff0 of a full cluster description. */
export const MAX_CPUS = 65_536;
/** Power levels above the CPU's: as many as affinity fields. */
export const MAX_POWER_LEVELS = 3;

/** Equal clusters numbered by Aff1, their CPUs by Aff0: how most platforms declare themselves. */
export function clusters(count: number, cpusEach: number): readonly PowerDomain[] {
  return Array.from({ length: count }, (_, cluster) => ({
    name: `cluster${cluster}`,
    cpus: Array.from({ length: cpusEach }, (_, cpu) => (cluster << 8) | cpu),
  }));
}

/** The topology that MPIDRs tell: CPUs with equal Aff3.Aff2.Aff1 share a cluster, all clusters one system domain. */
export function topologyOf(affinities: readonly number[]): readonly PowerDomain[] {
  const byCluster = new Map<number, number[]>();
  for (const affinity of affinities) {
    const cluster = affinity >> 8;
    const cpus = byCluster.get(cluster);
    if (cpus) cpus.push(affinity);
    else byCluster.set(cluster, [affinity]);
  }
  const domains = [...byCluster.values()].map((cpus, i) => ({ name: `cluster${i}`, cpus }));
  return [{ name: 'system', domains }];
}

/** A topology as flat tables: what the mechanism reads. */
export interface FlatTopology {
  /** Affinity of each declared CPU. */
  readonly affinities: Int32Array;
  /** Innermost domain of each CPU. */
  readonly domainOf: Int32Array;
  /** Enclosing domain of each domain, or −1. */
  readonly parents: Int32Array;
  /** Power level of each domain, from 1. */
  readonly levels: Int32Array;
  readonly names: readonly string[];
  /** The highest power level. */
  readonly maxLevel: number;
}

/**
 * Flattens a topology.
 *
 * Throws {@link CompositionError} for domains that hold both CPUs and domains, branches of different depth, a CPU named
 * twice, more than {@link MAX_CPUS} CPUs and more than {@link MAX_POWER_LEVELS} levels.
 */
export function flatten(roots: readonly PowerDomain[]): FlatTopology {
  const affinities: number[] = [];
  const domainOf: number[] = [];
  const parents: number[] = [];
  const levels: number[] = [];
  const names: string[] = [];
  const visit = (domain: PowerDomain, parent: number, depth: number): number => {
    if (depth > MAX_POWER_LEVELS)
      throw refuse(`more than ${MAX_POWER_LEVELS} levels`, 'leave the outermost domains out');
    const index = parents.push(parent) - 1;
    names.push(domain.name ?? `domain${index}`);
    levels.push(0);
    const { cpus = [], domains = [] } = domain;
    if (cpus.length > 0 && domains.length > 0) {
      throw refuse(`domain ${names[index]} holds CPUs and domains`, 'give its CPUs a domain of their own');
    }
    for (const affinity of cpus) {
      affinities.push(affinity);
      domainOf.push(index);
    }
    const heights = domains.map((inner) => visit(inner, index, depth + 1));
    const height = 1 + (heights[0] ?? 0);
    if (heights.some((h) => h + 1 !== height)) {
      throw refuse(`the branches of domain ${names[index]} differ in depth`, 'give all CPUs equally many domains');
    }
    levels[index] = height;
    return height;
  };
  const heights = roots.map((root) => visit(root, -1, 1));
  if (heights.some((height) => height !== heights[0])) {
    throw refuse('the outermost domains differ in depth', 'give all CPUs equally many domains');
  }
  if (affinities.length > MAX_CPUS) throw refuse(`more than ${MAX_CPUS} CPUs`, 'declare fewer');
  if (new Set(affinities).size !== affinities.length) throw refuse('a CPU is named twice', 'name each CPU once');
  return {
    affinities: Int32Array.from(affinities),
    domainOf: Int32Array.from(domainOf),
    parents: Int32Array.from(parents),
    levels: Int32Array.from(levels),
    names,
    maxLevel: heights[0] ?? 0,
  };
}

function refuse(problem: string, remedy: string): CompositionError {
  return new CompositionError(`psci topology: ${problem}`, remedy);
}
