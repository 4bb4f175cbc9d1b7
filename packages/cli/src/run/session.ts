import { type InspectedInterface, inspectTree, type SystemEvent } from '@trapline/core';
import type { DiscoveryEvent } from '@trapline/core/discovery';
import { decodeConduit } from '@trapline/epapr/node';
import type { MemoryRegion, Stack, StackGuest } from '@trapline/stack';
import { GuestProgramError, StepLimitError } from '@trapline/trap-bus';
import { CommandError } from '../command.js';
import { boundWords, driversOf, foundBy, guestDrivers } from './drivers.js';
import { Exercise } from './exercise.js';
import { Trace } from './trace.js';

/** Most steps that the programs of one run may take. */
const MAX_RUN_STEPS = 1_000_000;

/** What became of one guest. */
export interface GuestReport {
  readonly name: string;
  readonly cpus: number;
  readonly memory: readonly MemoryRegion[];
  readonly interfaces: readonly InspectedInterface[];
  /** `psci (spec-1.3) at el3`. */
  readonly services: readonly string[];
  /** `psci 1.3 by smc at /psci`. */
  readonly drivers: readonly string[];
  /** `psci at /psci: …`, for drivers that refused their node or broke on it. */
  readonly failures: readonly string[];
  /** Whether there was a PSCI to exercise. */
  readonly exercised: boolean;
  /** What the guest asked the machine for at last; undefined where it ran out of things to do. */
  readonly ended: SystemEvent['event'] | undefined;
  /** CPUs that are kept for ever: `cpu 1 is waiting: …`. */
  readonly stuck: readonly string[];
}

/** What a run showed. */
export interface RunReport {
  readonly guests: readonly GuestReport[];
  readonly trace: Trace;
  /** Nanoseconds of the machine's time at the end. */
  readonly time: bigint;
}

/**
 * Discovers, exercises and runs every guest of a stack.
 *
 * Throws `CommandError` where a guest's program breaks: a call took an exception, or the programs do not come to an end.
 */
export function runStack(stack: Stack): RunReport {
  const trace = new Trace(stack);
  const guests: readonly StackGuest[] = Object.values(stack.guests);
  const ended = new Map<string, SystemEvent['event']>();
  const reports = guests.map((guest) => {
    stack.calls$.subscribe(({ outcome, guest: name }) => {
      if (outcome.kind === 'system' && name === guest.name) ended.set(name, outcome.event);
    });
    const failures: string[] = [];
    const heard = (event: DiscoveryEvent): void => {
      if (event.type === 'failed') failures.push(`${event.driver.name} at ${event.path}: ${event.error.message}`);
    };
    const found = foundBy(guest.discover(driversOf(guest.bus.services.map(({ service }) => service.name)), { heard }));
    if (found.psci !== undefined) new Exercise(guest, found.psci, found);
    return { guest, drivers: boundWords(found), failures, exercised: found.psci !== undefined };
  });
  trace.phase = 'exercise';
  const unfinished = run(stack);
  return {
    guests: reports.map(({ guest, drivers, failures, exercised }) => ({
      name: guest.name,
      cpus: guest.vcpus.length,
      memory: guest.memory,
      interfaces: inspectTree(guest.deviceTree, { drivers: guestDrivers, readHcall: decodeConduit }).interfaces,
      services: guest.bus.services.map(({ service, level }) => `${service.name} at ${level}`),
      drivers,
      failures,
      exercised,
      ended: ended.get(guest.name),
      stuck: unfinished
        .filter((one) => one.guest === guest.name && !(one.cpu === 0 && ended.has(guest.name)))
        // Where a VMM holds the power states (KVM), a CPU that is off waits for a CPU_ON.
        .filter(({ cpu }) => !trace.turnedOff(guest.name, cpu))
        .map(({ cpu, why }) => `cpu ${cpu} is ${why}`),
    })),
    trace,
    time: stack.machine.clock.now(),
  };
}

function run(stack: Stack): ReturnType<Stack['run']>['unfinished'] {
  try {
    return stack.run(MAX_RUN_STEPS).unfinished;
  } catch (error) {
    if (error instanceof GuestProgramError || error instanceof StepLimitError) throw new CommandError(error.message);
    throw error;
  }
}
