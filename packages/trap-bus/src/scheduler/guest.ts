import type { Caller, Pe, PowerState } from '@trapline/core';

/** A vCPU as the scheduler sees it. */
export interface ScheduledVcpu extends Pe {
  readonly powerState: PowerState;
  /** Whether a service keeps it from executing. */
  readonly paused?: boolean;
  /** While `waiting`: whether the low-power state is entered, and whether only an embedder's decision ends it. */
  readonly wait: { readonly entered: boolean; readonly decision: boolean } | undefined;
}

/**
 * What a scheduler needs of a guest; the trap bus's guests have it. To have every point of a CPU's life under control,
 * build the guest with `deferred`: otherwise an off completes, and a wait is entered, within the call.
 */
export interface ScheduledGuest {
  readonly vcpus: readonly ScheduledVcpu[];
  /** Makes a CPU the caller of all conduits. */
  select(index: number): Caller;
  /** A starting CPU reaches its first instruction. */
  enter(pe: Pe): boolean;
  /** A stopping CPU has gone. */
  completeOff(pe: Pe): boolean;
  /** A waiting CPU enters its low-power state. */
  enterWait(pe: Pe): boolean;
}

/** The clock whose alarms wake programs; a machine's virtual clock is one. */
export interface ScheduledClock {
  /** Time of the next alarm; undefined where none is set. */
  readonly next: bigint | undefined;
  advanceToNext(): boolean;
}
