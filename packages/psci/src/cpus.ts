import type { Pe } from '@trapline/core';
import { AFFINITY_OFF, AFFINITY_ON, AFFINITY_ON_PENDING, AffinityMap } from './affinity.js';
import {
  CPU_OFF,
  CPU_ON,
  CPU_ON_PENDING,
  type CpuEvent,
  type CpuState,
  EVENT_ENTERED,
  EVENT_START,
  EVENT_STOPPED,
  EVENT_WAKE,
  nextCpuState,
  REFUSED,
} from './cpu-state.js';
import { LOCAL_OFF } from './idle-state.js';
import { PowerDomains } from './power-domains.js';
import type { FlatTopology } from './topology.js';

/**
 * The declared CPUs of one guest: their states, and what follows from them for affinity instances and power domains.
 *
 * A CPU has a number by its place in the topology. One that is declared and does not exist has no {@link Pe}.
 */
export class Cpus {
  readonly topology: FlatTopology;
  readonly affinity: AffinityMap;
  readonly domains: PowerDomains;
  readonly #states: Uint8Array;
  readonly #pes: readonly (Pe | undefined)[];
  readonly #byPe: Int32Array;
  /** The event of a start with which a CPU's domains begin to run. */
  readonly #keeping: CpuEvent;
  #on = 0;
  #pending = 0;

  /** `pendingKeepsDomains`: whether a CPU that is being started asks its domains to run already. */
  constructor(topology: FlatTopology, pes: readonly Pe[], pendingKeepsDomains: boolean) {
    this.#keeping = pendingKeepsDomains ? EVENT_START : EVENT_ENTERED;
    this.topology = topology;
    this.affinity = new AffinityMap(topology.affinities);
    this.domains = new PowerDomains(topology, LOCAL_OFF);
    this.#states = new Uint8Array(topology.affinities.length);
    this.#byPe = new Int32Array(pes.length);
    const byCpu = new Array<Pe | undefined>(topology.affinities.length).fill(undefined);
    for (const pe of pes) {
      const cpu = this.affinity.find(pe.affinity);
      this.#byPe[pe.index] = cpu;
      if (cpu >= 0) byCpu[cpu] = pe;
    }
    this.#pes = byCpu;
  }

  /** How many CPUs are declared. */
  get count(): number {
    return this.#states.length;
  }

  /** The number of a CPU that exists. */
  numberOf(pe: Pe): number {
    return this.#byPe[pe.index] as number;
  }

  /** The CPU itself, where it exists. */
  pe(cpu: number): Pe | undefined {
    return this.#pes[cpu];
  }

  state(cpu: number): CpuState {
    return this.#states[cpu] as CpuState;
  }

  /** AFFINITY_INFO of one CPU: a CPU that stops or is suspended is still on. */
  affinityState(cpu: number): number {
    return affinityStateOf(this.#states[cpu] as CpuState);
  }

  /** Whether all CPUs but one are off, none of them being started. */
  get onlyOneOn(): boolean {
    return this.#on === 1 && this.#pending === 0;
  }

  /** Whether no declared CPU is off. */
  get noneOff(): boolean {
    return this.#on + this.#pending === this.#states.length;
  }

  /** Takes an event; false, and nothing changed, where the CPU's state does not allow it. */
  advance(cpu: number, event: CpuEvent): boolean {
    const before = this.#states[cpu] as CpuState;
    const after = nextCpuState(before, event);
    if (after === REFUSED) return false;
    this.#set(cpu, before, after);
    if (event === this.#keeping || event === EVENT_ENTERED || event === EVENT_WAKE) this.domains.ask(cpu, undefined);
    else if (event === EVENT_STOPPED) this.domains.askAll(cpu, LOCAL_OFF);
    return true;
  }

  /** Puts a CPU into a state, as at reset and restore. */
  put(cpu: number, state: CpuState): void {
    this.#set(cpu, this.#states[cpu] as CpuState, state);
    if (state === CPU_OFF) this.domains.askAll(cpu, LOCAL_OFF);
    else this.domains.ask(cpu, undefined);
  }

  #set(cpu: number, before: CpuState, after: CpuState): void {
    if (before === after) return;
    this.#states[cpu] = after;
    const from = affinityStateOf(before);
    const to = affinityStateOf(after);
    if (from === to) return;
    if (from === AFFINITY_ON) this.#on--;
    else if (from === AFFINITY_ON_PENDING) this.#pending--;
    if (to === AFFINITY_ON) this.#on++;
    else if (to === AFFINITY_ON_PENDING) this.#pending++;
    this.affinity.moved(cpu, from, to);
  }
}

function affinityStateOf(state: CpuState): number {
  if (state >= CPU_ON) return AFFINITY_ON;
  return state === CPU_ON_PENDING ? AFFINITY_ON_PENDING : AFFINITY_OFF;
}
