import type { DeviceTree } from '@trapline/devicetree';
import type { Pe } from '../pe.js';
import type { PortName, Ports } from '../ports.js';
import type { Implementation } from './implementation.js';

/** Where a service stands: `outside` answers before the architecture routes, as QEMU's built-in PSCI does. */
export type Level = 'el2' | 'el3' | 'outside';

/** Plain data of {@link Attachment.save}: what JSON can hold. */
export type Saved = null | boolean | number | string | readonly Saved[] | { readonly [key: string]: Saved };

/**
 * The answering side of one or more interfaces: semantics only. It knows nothing of instructions or exceptions, and
 * works in any simulator that offers the ports it needs. A value, without state: each machine starts its own.
 */
export interface Service {
  readonly name: string;
  /** Levels it can stand at; the first where nobody says. */
  readonly levels: readonly Level[];
  /** Ports it cannot do without. Composition refuses a machine that lacks one. */
  readonly needs: readonly PortName[];
  /** Starts it for one machine. */
  start(): RunningService;
}

/** A service in one machine; it may serve several guests. */
export interface RunningService {
  /** Serves a guest from now on. */
  attach(guest: AttachedGuest): Attachment;
  /** State that belongs to no single guest. */
  save?(): Saved;
  restore?(saved: Saved): void;
  dispose?(): void;
}

/** A guest as a service sees it. */
export interface AttachedGuest {
  readonly name: string;
  readonly pes: readonly Pe[];
  readonly ports: Ports;
  /** The level the service stands at here. */
  readonly level: Level;
  /** Whether the machine has these exception levels. */
  readonly hasEl2: boolean;
  readonly hasEl3: boolean;
  /** The CPU model by its MIDR_EL1, for answers that depend on it. */
  readonly midr: number;
  /** Implementations of the services composed at the same level, in order; complete once the bus is built. */
  neighbours(): readonly Implementation[];
}

/** What serves one guest. */
export interface Attachment {
  readonly implementations: readonly Implementation[];
  /** Whether SMC from EL1 is to be trapped to this service (HCR_EL2.TSC). */
  readonly trapsSmc?: boolean;
  /** A started CPU is about to execute its first instruction. */
  entered?(pe: Pe): void;
  /** A CPU that said off has gone. */
  offCompleted?(pe: Pe): void;
  /** A waiting CPU wakes, before its outcome is carried out. `resumes`: it goes on at its start state, not behind its call. */
  woke?(pe: Pe, resumes?: boolean): void;
  /** Back to the state after {@link RunningService.attach}. */
  reset(): void;
  save(): Saved;
  /** Takes back what {@link save} gave. Throws {@link RestoreError} for anything else. */
  restore(saved: Saved): void;
  dispose?(): void;
  /** Writes what a guest reads about this service into its device tree. */
  describe?(tree: DeviceTree, description: TreeDescription): void;
}

/** What the composition knows of the tree it asks a service to describe itself in. */
export interface TreeDescription {
  /** The instruction by which the guest reaches this service. */
  readonly conduit: 'hvc' | 'smc';
  /** Paths of the cpu nodes, by CPU number. */
  readonly cpus: readonly string[];
  /** A phandle for the interrupt controller, for services with interrupts. */
  readonly interruptController: number | undefined;
}

/** Saved state that does not belong here; names the place and what was expected. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}

/** A service that keeps nothing beyond single guests. */
export function perGuest(
  spec: Omit<Service, 'start'> & { readonly attach: (guest: AttachedGuest) => Attachment },
): Service {
  return { name: spec.name, levels: spec.levels, needs: spec.needs, start: () => ({ attach: spec.attach }) };
}
