import { type Call, type Handlers, PC, REDIRECTED, returnHalves, returnInt } from '@trapline/core';
import { CONTEXT_REGISTERS, STATUS_ENABLED, type sdeiAbi, sdeiStatus } from './abi.js';
import { switchTo } from './contexts.js';
import { resumePstate } from './delivery.js';
import { EVENT_0 } from './events.js';
import { nextSdeiState, SDEI_FORBIDDEN } from './state.js';
import { NO_PE, type SdeiWorld } from './world.js';

const SUCCESS = sdeiStatus.SUCCESS.code;
const INVALID = sdeiStatus.INVALID_PARAMETERS.code;
const DENIED = sdeiStatus.DENIED.code;

/** The calls about delivery and running handlers (DEN0054A, 5.1.5 to 5.1.7, 5.1.12, 5.1.13, 5.1.16). */
export function handlerCalls(world: SdeiWorld): Handlers<typeof sdeiAbi> {
  return {
    eventContext: (call) => context(world, call),
    eventComplete: (call) => (complete(world, call, false) ? REDIRECTED : returnInt(call, DENIED)),
    ...(world.guest.pes.every((pe) => pe.setReturn)
      ? { eventCompleteAndResume: (call: Call) => (complete(world, call, true) ? REDIRECTED : returnInt(call, DENIED)) }
      : {}),
    peMask: (call) => {
      const changed = world.masked[call.pe.index] === 0;
      world.masked[call.pe.index] = 1;
      return returnInt(call, changed ? 1 : 0);
    },
    peUnmask: (call) => {
      world.masked[call.pe.index] = 0;
      return returnInt(call, SUCCESS);
    },
    eventSignal: (call) => returnInt(call, signal(world, call)),
  };
}

function context(world: SdeiWorld, call: Call): ReturnType<typeof returnInt> {
  const register = call.w[0] as number;
  if (register >= CONTEXT_REGISTERS) return returnInt(call, INVALID);
  const pe = call.pe.index;
  if (world.contexts.depth(pe) === 0) return returnInt(call, DENIED);
  return returnHalves(call, world.contexts.word(pe, 2 * register), world.contexts.word(pe, 2 * register + 1));
}

/**
 * Ends the running handler. What it interrupted is put back; with `resume` the client goes on at an address instead, as
 * if an exception had been taken from what was interrupted (DEN0054A, 5.1.7).
 */
function complete(world: SdeiWorld, call: Call, resume: boolean): boolean {
  const { pe } = call;
  const { contexts, records, delivery } = world;
  if (contexts.depth(pe.index) === 0) return false;
  const record = records.record(contexts.running(pe.index), pe.index);
  const next = nextSdeiState(records.state[record] as number, 'complete');
  if (next === SDEI_FORBIDDEN) return false;
  records.state[record] = next;
  const pcLow = contexts.pcLow(pe.index);
  const pcHigh = contexts.pcHigh(pe.index);
  const pstate = contexts.pstate(pe.index);
  contexts.pop(pe);
  if (resume) {
    const level = delivery.clientLevel;
    switchTo(pe, level, 'a64', resumePstate(level));
    pe.setReturn?.(level, pcLow, pcHigh, pstate);
    pe.w[2 * PC] = call.w[0] as number;
    pe.w[2 * PC + 1] = call.w[1] as number;
  }
  return true;
}

/** Event, target, mask and state are checked in this order (TF-A 2.15 `sdei_main.c`). */
function signal(world: SdeiWorld, call: Call): number {
  if (((call.w[0] as number) | 0) !== EVENT_0) return INVALID;
  const target = world.peOf(call.w[2] as number, call.w[3] as number);
  if (target === NO_PE || world.masked[target] !== 0) return INVALID;
  const record = world.records.record(EVENT_0, target);
  if (((world.records.state[record] as number) & STATUS_ENABLED) === 0) return INVALID;
  world.records.pending[record] = 1;
  return SUCCESS;
}
