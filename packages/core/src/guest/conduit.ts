import type { ConduitKind } from '../abi/convention.js';
import type { Outcome } from '../outcome.js';
import type { Registers } from '../registers.js';

/** A vCPU as the software on it sees it: its registers, and an instruction that calls upwards. */
export interface Caller extends Registers {
  readonly index: number;
  /** Register width of the calling code. */
  readonly width: 32 | 64;
  /**
   * Executes a conduit instruction with the registers as they stand, and gives what came of it: {@link RETURNED} with
   * the results in the registers, or the outcome that keeps the CPU from going on. A preempted call is executed again
   * until it is done. An exception that the guest takes is the outcome `inject`.
   */
  execute(conduit: ConduitKind, immediate: number): Outcome;
}

/**
 * How a driver's calls go up: which instruction, and from which CPU. A value that is passed in, never global.
 *
 * `caller` is the CPU that runs the driver's code now; whoever schedules guest code keeps it current.
 */
export interface Conduit {
  readonly kind: ConduitKind;
  readonly caller: Caller;
}
