import type { Level, Ports, Service } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import type { BootState, ClockOptions, CpuPort, UnclaimedHandler, VcpuSpec } from '@trapline/trap-bus';
import type { MemoryRegion } from './region.js';
import type { InterruptControllerSpec } from './tree/interrupt-controller.js';

/** A service for all guests, or for those named. */
export type ServiceChoice<Name extends string = string> =
  | Service
  | { readonly service: Service; readonly guests: readonly Name[] };

/** What a stack is composed of. */
export interface StackSpec<Name extends string = string> {
  readonly guests: readonly GuestSpec<Name>[];
  /** Firmware: answers SMC from where the architecture routes it. */
  readonly el3?: readonly ServiceChoice<NoInfer<Name>>[];
  /** Hypervisors: answer HVC, and SMC that they trap. */
  readonly el2?: readonly ServiceChoice<NoInfer<Name>>[];
  /** The simulator itself answers, before the architecture routes. */
  readonly outside?: readonly ServiceChoice<NoInfer<Name>>[];
  /** The virtual clock that all guests share. */
  readonly clock?: ClockOptions;
  /** Takes calls that no service claims, before the architecture's default. */
  readonly onUnclaimed?: UnclaimedHandler;
}

/** One guest. */
export interface GuestSpec<Name extends string = string> {
  readonly name: Name;
  /** How many vCPUs, or each by its MPIDR. Left out where {@link deviceTree} says it. */
  readonly vcpus?: number | readonly VcpuSpec[];
  /** Left out where {@link deviceTree} says it. */
  readonly memory?: readonly MemoryRegion[];
  /** The guest's own tree, as a live tree or a DTB. The stack writes one where absent. */
  readonly deviceTree?: DeviceTree | Uint8Array;
  /** What goes into a tree that the stack writes. */
  readonly tree?: TreeSpec;
  /** Whether the guest's CPUs have EL2 and EL3; where services stand if nobody says. */
  readonly hasEl2?: boolean;
  readonly hasEl3?: boolean;
  /** MIDR_EL1 of its CPUs. */
  readonly midr?: number;
  /** How all vCPUs begin, where none says it itself: AArch64, at EL2 where the CPUs have it and nothing else stands there. */
  readonly boot?: BootState;
  /** The embedder's own CPUs behind the vCPUs, in their order. A vCPU that names one itself keeps it. */
  readonly cpus?: readonly CpuPort[];
  /** Ports of the embedder's, in place of the default models. */
  readonly ports?: Partial<Omit<Ports, 'power'>>;
  /** Of the default random port: two stacks with one seed draw the same numbers. */
  readonly seed?: number;
  /** Whether the embedder drives the points of a CPU's life one by one. */
  readonly deferred?: boolean;
}

/** Choices about the tree that the stack writes for a guest. */
export interface TreeSpec {
  readonly compatible?: readonly string[];
  readonly model?: string;
  /** The kernel's command line, `/chosen/bootargs`. */
  readonly bootargs?: string;
  /** Paths by alias: `{ serial0: '/serial@9000000' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** `false` leaves interrupt controller and timers out. */
  readonly interruptController?: InterruptControllerSpec | false;
  /** Devices of the embedder's: adds nodes after those of the machine and before those of the services. */
  readonly devices?: (tree: DeviceTree, interruptController: number | undefined) => void;
}

/** The levels in the order in which a call meets them. */
export const LEVELS: readonly Level[] = ['outside', 'el2', 'el3'];
