import { type Call, type Handler, type Outcome, returnInt, type Wait } from '@trapline/core';
import { EVENT_SUSPEND } from '../cpu-state.js';
import { type CompiledIdleState, LOCAL_OFF } from '../idle-state.js';
import type { Platform } from '../platform.js';
import { Code } from '../status.js';

/** Positions of the entry point among the arguments of CPU_SUSPEND, and of the calls that have no power state. */
const ENTRY = 1;
const ENTRY_ALONE = 0;

/** The result of CPU_SUSPEND when a standby state ends. */
const SUCCEEDED: readonly string[] = Object.freeze(['0000000000000000']);

/** The outcome of entering an idle state: return with SUCCESS, or resume at the entry point, when an interrupt comes. */
function idleWait(onWake: 'return' | 'resume', why: string): Wait {
  const wait: Wait = { kind: 'wait', until: 'interrupt', onWake, why };
  return Object.freeze(onWake === 'return' ? { ...wait, results: SUCCEEDED } : wait);
}

/**
 * CPU_SUSPEND (5.4).
 *
 * INVALID_PARAMETERS for a power state that is not in the table; in a power-down state the entry point is checked next;
 * in OS-initiated mode DENIED where another CPU of a domain that is to go down runs.
 */
export function cpuSuspend(platform: Platform): Handler {
  const { waitUnless } = platform.profile.suspend;
  if (waitUnless !== undefined) return waitForInterrupt(platform, waitUnless);
  const waits = waitsOf(platform);
  return (call) => {
    const idle = platform.idleStates.get(call.w[0] as number | 0);
    if (idle === undefined) return returnInt(call, Code.INVALID_PARAMETERS);
    return suspend(platform, call, idle, waits.get(idle) as Wait, ENTRY);
  };
}

/** CPU_DEFAULT_SUSPEND (5.18): the first power-down state of the table that concerns the CPU alone. */
export function cpuDefaultSuspend(platform: Platform): Handler {
  const idle = [...platform.idleStates.values()].find((state) => state.powerdown && state.level === 0);
  if (idle === undefined) return (call) => returnInt(call, Code.NOT_SUPPORTED);
  const wait = idleWait('resume', 'CPU_DEFAULT_SUSPEND');
  return (call) => suspend(platform, call, idle, wait, ENTRY_ALONE);
}

/**
 * SYSTEM_SUSPEND (5.20): DENIED unless the caller is the only CPU that is on, then INVALID_ADDRESS; else everything powers
 * down and the caller resumes at the entry point.
 */
export function systemSuspend(platform: Platform): Handler {
  const { cpus, ports, profile } = platform;
  const wait = idleWait('resume', 'SYSTEM_SUSPEND');
  const ask: Outcome = Object.freeze({ kind: 'system', event: 'suspend', detail: Object.freeze({}) });
  if (profile.suspend.system === 'hands-over') return () => ask;
  return (call) => {
    if (!cpus.onlyOneOn) return returnInt(call, Code.DENIED);
    const refused = prepareResume(platform, call, ENTRY_ALONE);
    if (refused !== Code.SUCCESS) return returnInt(call, refused);
    if (profile.suspend.pendingReturns && ports.interrupts.pending(call.pe)) return returnInt(call, Code.SUCCESS);
    const cpu = cpus.numberOf(call.pe);
    if (cpu >= 0 && cpus.advance(cpu, EVENT_SUSPEND)) {
      cpus.domains.askAll(cpu, LOCAL_OFF);
      platform.statistics?.changed(cpu, true);
    }
    return profile.suspend.system === 'asks' ? ask : wait;
  };
}

function waitsOf(platform: Platform): ReadonlyMap<CompiledIdleState, Wait> {
  return new Map(
    [...platform.idleStates.values()].map((idle) => [
      idle,
      idleWait(idle.powerdown ? 'resume' : 'return', `CPU_SUSPEND ${idle.state.name}`),
    ]),
  );
}

function suspend(platform: Platform, call: Call, idle: CompiledIdleState, wait: Wait, entry: number): Outcome {
  const { cpus, ports, profile } = platform;
  const { pe } = call;
  if (idle.powerdown) {
    const refused = prepareResume(platform, call, entry);
    if (refused !== Code.SUCCESS) return returnInt(call, refused);
    if (profile.suspend.pendingReturns && ports.interrupts.pending(pe)) return returnInt(call, Code.SUCCESS);
  }
  const cpu = cpus.numberOf(pe);
  if (cpu < 0) return wait;
  if (platform.osInitiated && idle.level > 0) {
    const { levels } = idle.state;
    const byStates = profile.suspend.last === 'states';
    const last = byStates ? cpus.domains.deepestAt(cpu, levels) : cpus.domains.lastAt(cpu, levels);
    if (last !== 'last') return returnInt(call, last === 'others-run' ? Code.DENIED : profile.suspend.shallower);
    if (byStates) cpus.domains.takeDown(cpu, levels);
  }
  if (cpus.advance(cpu, EVENT_SUSPEND)) {
    cpus.domains.ask(cpu, idle.state.levels);
    platform.statistics?.changed(cpu, true);
  }
  return wait;
}

/** Checks the entry point and writes the caller's own start record. */
function prepareResume(platform: Platform, call: Call, entry: number): number {
  const { w, pe } = call;
  const refused = platform.checkEntry(pe, w[2 * entry] as number | 0, w[2 * entry + 1] as number | 0);
  if (refused === Code.SUCCESS) platform.fillStart(pe, pe, w, entry);
  return refused;
}

/** Firmware without idle states of its own: whatever is asked for is a wait for an interrupt. */
function waitForInterrupt(platform: Platform, refusedBits: number): Handler {
  const { cpus } = platform;
  const wait = idleWait('return', 'CPU_SUSPEND');
  return (call) => {
    if (((call.w[0] as number) & refusedBits) !== 0) return returnInt(call, Code.INVALID_PARAMETERS);
    const cpu = cpus.numberOf(call.pe);
    if (cpu >= 0) cpus.advance(cpu, EVENT_SUSPEND);
    return wait;
  };
}
