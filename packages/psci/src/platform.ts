import type { AttachedGuest, Pe, Ports } from '@trapline/core';
import { CPU_OFF, CPU_ON } from './cpu-state.js';
import { Cpus } from './cpus.js';
import { entryIsAligned, entryIsWithin, fillStart, startStateOf } from './entry.js';
import { type CompiledIdleState, compileIdleStates } from './idle-state.js';
import type { Profile, TrustedOs } from './profile.js';
import { Statistics } from './statistics.js';
import { Code } from './status.js';
import { flatten, topologyOf } from './topology.js';

/** Everything the handlers of one guest read and change. */
export class Platform {
  readonly profile: Profile;
  readonly ports: Ports;
  readonly cpus: Cpus;
  readonly idleStates: ReadonlyMap<number, CompiledIdleState>;
  readonly statistics: Statistics | undefined;
  /** The highest exception level that belongs to the callers. */
  readonly #highest: 1 | 2;
  /** SET_SUSPEND_MODE: whether the operating system coordinates. */
  osInitiated = false;
  /** MEM_PROTECT. */
  memProtect = false;
  /** The CPU where a uniprocessor Trusted OS is, or −1. */
  resident = -1;
  /** CLEAN_INV_MEMREGION: when the last operation ends, and when the next is allowed, in nanoseconds. */
  cleanInvEnds = 0;
  cleanInvNext = 0;
  /** CPUs that CPU_ON has started while they stood off in mid-run: whoever runs them begins them at their start state. */
  readonly owesReset: Uint8Array;
  /** Which CPUs were not off when the machine was built. */
  readonly #bootOn: readonly number[];
  readonly #exact: boolean;
  readonly #pes: readonly Pe[];

  constructor(profile: Profile, guest: AttachedGuest) {
    this.profile = profile;
    this.ports = guest.ports;
    this.#pes = guest.pes;
    this.#exact = profile.mpidrReserved === 'refused';
    const topology = flatten(profile.topology ?? topologyOf(guest.pes.map((pe) => pe.affinity)));
    this.cpus = new Cpus(topology, guest.pes, profile.cpuOn.pendingKeepsDomains);
    this.owesReset = new Uint8Array(guest.pes.length);
    const { states, format } = profile.suspend;
    this.idleStates = compileIdleStates(states, format, topology.maxLevel);
    const counted = profile.calls.includes('statCount') || profile.calls.includes('statResidency');
    this.statistics = counted ? new Statistics(this.cpus, guest.ports.clock) : undefined;
    this.#highest = guest.level === 'el2' || !guest.hasEl2 ? 1 : 2;
    this.#bootOn = guest.pes
      .filter((pe) => guest.ports.power.state(pe) !== 'off')
      .map((pe) => this.cpus.numberOf(pe))
      .filter((cpu) => cpu >= 0);
    this.reset();
  }

  /** As after power-up: the CPUs that ran when the machine was built run. */
  reset(): void {
    for (let cpu = 0; cpu < this.cpus.count; cpu++) this.cpus.put(cpu, CPU_OFF);
    for (const cpu of this.#bootOn) this.cpus.put(cpu, CPU_ON);
    this.statistics?.reset(this.profile.statisticsCountOff);
    this.osInitiated = false;
    this.memProtect = false;
    this.resident = residentOf(this.profile.trustedOs, this.cpus);
    this.cleanInvEnds = 0;
    this.cleanInvNext = 0;
    this.owesReset.fill(0);
  }

  /** Lets a CPU begin at its start state: at once, or where it was taken off while it ran, when it is run again. */
  begin(pe: Pe): void {
    const { power } = this.ports;
    const state = power.state(pe);
    if (state === 'running' || state === 'stopping') this.owesReset[pe.index] = 1;
    else power.start(pe);
  }

  /** The number of the CPU that a target argument names, or −1. */
  find(low: number, high: number): number {
    if (this.hasReserved(low, high)) return -1;
    return this.cpus.affinity.find(((high & 0xff) << 24) | (low & 0xff_ffff));
  }

  /** The number of the CPU that CPU_ON's target names, or −1. */
  findTarget(low: number, high: number): number {
    if (this.profile.cpuOn.target !== 'number') return this.find(low, high);
    const pe = this.#pes[(low & 0xff) | ((low & 0xff00) >>> 4)];
    return pe === undefined ? -1 : this.cpus.numberOf(pe);
  }

  /** Whether a target argument sets bits that make it name nothing. */
  hasReserved(low: number, high: number): boolean {
    return this.#exact && ((low & 0xff00_0000) !== 0 || (high & 0xffff_ff00) !== 0);
  }

  /** The exception level at which a CPU starts or resumes that this caller starts or suspends (6.4.3). */
  startLevel(caller: Pe): 1 | 2 {
    return this.profile.start.el === 'highest' || caller.el >= this.#highest ? this.#highest : 1;
  }

  /** Whether an entry point is one that the profile accepts. */
  checkEntry(caller: Pe, low: number, high: number): number {
    const { entry } = this.profile;
    if (!entryIsWithin(entry, this.ports.memory, low, high)) return entry.error;
    return entryIsAligned(entry, startStateOf(caller, this.startLevel(caller)), low) ? Code.SUCCESS : entry.error;
  }

  /** Writes the record with which a CPU starts or resumes, from a call's entry point and context id arguments. */
  fillStart(target: Pe, caller: Pe, call: Uint32Array, firstArgument: number): void {
    const start = this.ports.power.startState(target);
    fillStart(start, this.profile.start, caller, this.startLevel(caller), call, firstArgument);
  }
}

function residentOf(os: TrustedOs | undefined, cpus: Cpus): number {
  if (os === undefined || os.type === 'multiprocessor') return -1;
  return os.resident === undefined ? 0 : cpus.affinity.find(os.resident);
}
