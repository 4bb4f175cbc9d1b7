import { CONTEXT_HIGH, CONTEXT_LOW, type Handler, returnInt, type StartState } from '@trapline/core';
import { CPU_OFF, CPU_ON_PENDING, EVENT_ENTERED, EVENT_START } from '../cpu-state.js';
import { entryIsAligned, entryIsWithin, startStateOf } from '../entry.js';
import type { Platform } from '../platform.js';
import { Code } from '../status.js';

/** Position of the entry point among CPU_ON's arguments. */
const ENTRY = 1;

/** What CPU_ON gives where its 0.1 number differs. */
export interface CpuOnAnswers {
  readonly alreadyOn?: number | undefined;
  readonly refusedEntry?: number | undefined;
  /** Whether the context is zero, whatever the caller has in the register. */
  readonly zeroContext?: boolean | undefined;
}

/**
 * CPU_ON (5.6): exactly one caller gets SUCCESS; until the target's first instruction everybody else gets ON_PENDING.
 *
 * The target is checked first, then the entry point, then the state of the target.
 */
export function cpuOn(platform: Platform, answers: CpuOnAnswers = {}): Handler {
  const { cpus, profile, ports } = platform;
  const { entry, cpuOn: rules } = profile;
  const { alreadyOn = Code.ALREADY_ON, refusedEntry = entry.error, zeroContext = false } = answers;
  return (call) => {
    const { w, pe } = call;
    const target = platform.findTarget(w[0] as number | 0, w[1] as number | 0);
    if (target < 0) return returnInt(call, Code.INVALID_PARAMETERS);
    const low = w[2] as number | 0;
    if (!entryIsWithin(entry, ports.memory, low, w[3] as number | 0)) return returnInt(call, refusedEntry);
    const targetPe = cpus.pe(target);
    if (rules.refusedReplacesStart && targetPe !== undefined) platform.fillStart(targetPe, pe, w, ENTRY);
    if (!entryIsAligned(entry, startStateOf(pe, platform.startLevel(pe)), low)) return returnInt(call, refusedEntry);
    const state = cpus.state(target);
    if (state !== CPU_OFF) return returnInt(call, state === CPU_ON_PENDING ? Code.ON_PENDING : alreadyOn);
    if (targetPe === undefined && rules.absent === 'fails') return returnInt(call, Code.INTERNAL_FAILURE);
    cpus.advance(target, EVENT_START);
    if (rules.starting === 'on') cpus.advance(target, EVENT_ENTERED);
    if (targetPe !== undefined) {
      platform.fillStart(targetPe, pe, w, ENTRY);
      if (zeroContext) clearContext(ports.power.startState(targetPe));
      platform.begin(targetPe);
    }
    return returnInt(call, Code.SUCCESS);
  };
}

function clearContext({ w }: StartState): void {
  w[CONTEXT_LOW] = 0;
  w[CONTEXT_HIGH] = 0;
}
