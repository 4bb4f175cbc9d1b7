import type { ConduitKind, Outcome, Ports, PowerState, Service, StartState } from '@trapline/core';
import type { CpuPort } from '../cpu/cpu-port.js';
import type { Vcpu } from '../cpu/vcpu.js';
import type { ClockOptions } from '../models/clock.js';

/** A machine as a person composes it. */
export interface MachineSpec {
  readonly guests: readonly GuestSpec[];
  /** Asked for a call that no service claims, before the architecture's default. */
  readonly onUnclaimed?: UnclaimedHandler;
  /** Of the default clock, which all guests share that bring none. */
  readonly clock?: ClockOptions;
}

/** Takes a call that no service claims: gives its outcome, or {@link UNCLAIMED}. */
export type UnclaimedHandler = (vcpu: Vcpu, conduit: ConduitKind, immediate: number) => Outcome;

/** One guest: its CPUs, its world, and who answers it. */
export interface GuestSpec {
  readonly name: string;
  /** How many, with affinities as {@link mpidrOf} gives them, or each by itself. */
  readonly vcpus: number | readonly VcpuSpec[];
  /** Guest-physical RAM of the default memory model. */
  readonly memory?: readonly MemoryRange[];
  /** Whether the machine has EL2 or EL3: where a service stands there, unless said. */
  readonly hasEl2?: boolean;
  readonly hasEl3?: boolean;
  /** MIDR_EL1 of its CPUs; a Cortex-A57 where absent. */
  readonly midr?: number;
  /** The embedder's own ports in place of the default models. */
  readonly ports?: Partial<Omit<Ports, 'power'>>;
  readonly services?: GuestServices;
  /** Whether somebody drives the points (`enter`, `enterWait`, `completeOff`) one by one: else an off completes at once. */
  readonly deferred?: boolean;
  /** Of the default random port: two machines with one seed draw the same numbers. */
  readonly seed?: number | bigint;
}

/** Who answers a guest, level by level; at each level in the order in which they are asked. */
export interface GuestServices {
  readonly el2?: readonly Service[];
  readonly el3?: readonly Service[];
  readonly outside?: readonly Service[];
}

/** A range of RAM. */
export interface MemoryRange {
  readonly base: number;
  readonly size: number;
}

/** One vCPU. */
export interface VcpuSpec {
  /** MPIDR_EL1: affinity fields, with bit 31 as the CPU reads it. */
  readonly mpidr?: bigint;
  /** `running` from the start or `off`: the first one runs where nobody says. */
  readonly power?: Extract<PowerState, 'running' | 'off'>;
  /** How it begins: level, state, entry. AArch64 EL1 at address 0 where absent. */
  readonly boot?: BootState;
  /** Whether its highest exception level uses AArch32. */
  readonly aarch32?: boolean;
  readonly secure?: boolean;
  /** The embedder's own CPU. */
  readonly cpu?: CpuPort;
}

/** How a vCPU begins after reset. */
export interface BootState extends Partial<Omit<StartState, 'w'>> {
  readonly entry?: number | bigint;
  readonly context?: number | bigint;
}
