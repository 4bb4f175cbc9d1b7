import { type Handler, OFF, returnInt, type Wait } from '@trapline/core';
import { EVENT_STOP, EVENT_STOPPED } from '../cpu-state.js';
import type { Platform } from '../platform.js';
import { Code } from '../status.js';

/** A CPU that sleeps where it called: should it be woken without CPU_ON, it finds SUCCESS. */
const ASLEEP: Wait = Object.freeze({ kind: 'wait', until: 'service', onWake: 'return', why: 'CPU_OFF' });

/**
 * CPU_OFF (5.5) and CPU_FREEZE (5.17): the CPU is off for others once it has gone. DENIED where a uniprocessor Trusted OS
 * is resident on it (5.5.3).
 *
 * A frozen CPU differs for the interrupt controller alone: interrupts may still be routed to it.
 */
export function cpuOff(platform: Platform): Handler {
  const { cpus, profile } = platform;
  const sleeps = profile.cpuOff === 'sleeps';
  const atOnce = sleeps || profile.cpuOff === 'goes-at-once';
  return (call) => {
    const cpu = cpus.numberOf(call.pe);
    if (cpu >= 0 && cpu === platform.resident) return returnInt(call, Code.DENIED);
    if (cpu >= 0) cpus.advance(cpu, EVENT_STOP);
    if (cpu >= 0 && atOnce) cpus.advance(cpu, EVENT_STOPPED);
    if (!sleeps) return OFF;
    returnInt(call, Code.SUCCESS);
    return ASLEEP;
  };
}
