import type { Pending } from '@trapline/core';
import type { schedOperations } from '../abi/operations/sched.js';
import { MAX_POLL_PORTS, SHUTDOWN } from '../abi/structures/sched.js';
import type { Gate } from './gate.js';
import type { OperationClient, XenError } from './operations.js';

/** The calls of sched_op. */
export type SchedCalls = OperationClient<typeof schedOperations.all, 'waiting'>;

/** Why a domain stops. */
export type ShutdownReason = keyof typeof SHUTDOWN;

export { MAX_POLL_PORTS };

/** Waiting and ending, from the guest's side. */
export class Scheduling {
  readonly calls: SchedCalls;
  readonly #gate: Gate;

  constructor(calls: SchedCalls, gate: Gate) {
    this.calls = calls;
    this.#gate = gate;
  }

  /** Lets other vCPUs run. */
  yield(): Pending<number | XenError> {
    return this.calls.yield();
  }

  /** Waits for an event or another interrupt. Xen enables interrupts: it clears PSTATE.I of the caller. */
  block(): Pending<number | XenError> {
    return this.calls.block();
  }

  /**
   * Waits until one of the ports has an event, masked or not, at most until a time: nanoseconds of the domain's system
   * time, 0 for ever. Gives 0 also where the time has come.
   */
  poll(ports: readonly number[], timeout: bigint = 0n): Pending<number | XenError> {
    if (ports.length > MAX_POLL_PORTS) throw new RangeError(`${ports.length} ports; a poll takes ${MAX_POLL_PORTS}`);
    this.#gate.operands.putList(new Uint8Array(Uint32Array.from(ports).buffer));
    return this.calls.poll({ ports: this.#gate.operands.list, nrPorts: ports.length, timeout });
  }

  /** Ends the domain: nothing comes back but where Xen refuses. */
  shutdown(reason: ShutdownReason | number): Pending<number | XenError> {
    return this.calls.shutdown({ reason: typeof reason === 'number' ? reason : SHUTDOWN[reason] });
  }

  /** Sets a watchdog and gives its number: the domain ends if it is not set anew in time. */
  watchdog(seconds: number, id = 0): number | XenError {
    return this.calls.watchdog({ id, timeout: seconds }).result;
  }
}
