import { type Call, type Handlers, returnHalves, returnInt } from '@trapline/core';
import { FEATURE_BIND_SLOTS, type sdeiAbi, sdeiStatus } from './abi.js';
import { isPrivateInterrupt, isSharedInterrupt } from './events.js';
import { NO_EVENT, UNBOUND } from './records.js';
import { eventOf, unregister } from './registration.js';
import type { SdeiWorld } from './world.js';

const SUCCESS = sdeiStatus.SUCCESS.code;
const INVALID = sdeiStatus.INVALID_PARAMETERS.code;
const DENIED = sdeiStatus.DENIED.code;

/** The calls that bind interrupts, and those that take everything back (DEN0054A, 5.1.14, 5.1.15, 5.1.17 to 5.1.19). */
export function bindingHandlers(world: SdeiWorld, secure: ReadonlySet<number>): Handlers<typeof sdeiAbi> {
  const slots = slotCount(world, false) | (slotCount(world, true) << 16);
  return {
    interruptBind: (call) => returnInt(call, bind(world, call, secure)),
    interruptRelease: (call) => {
      const event = eventOf(world, call);
      return returnInt(call, event === NO_EVENT ? INVALID : release(world, event));
    },
    features: (call) => (call.w[0] === FEATURE_BIND_SLOTS ? returnHalves(call, slots, 0) : returnInt(call, INVALID)),
    privateReset: (call) => returnInt(call, unregisterAll(world, call.pe.index, false)),
    sharedReset: (call) => {
      const result = unregisterAll(world, call.pe.index, true);
      return returnInt(call, result === SUCCESS ? releaseAll(world) : result);
    },
  };
}

/** An interrupt that is bound gives its event again; one of the platform's own events is INVALID_PARAMETERS. */
function bind(world: SdeiWorld, call: Call, secure: ReadonlySet<number>): number {
  const { records } = world;
  const intid = (call.w[0] as number) | 0;
  const shared = isSharedInterrupt(intid);
  if (!shared && !isPrivateInterrupt(intid)) return INVALID;
  const bound = records.byInterrupt(intid);
  if (bound !== NO_EVENT) return records.dynamic(bound) ? records.number(bound) : INVALID;
  const slot = freeSlot(world, shared);
  if (slot === NO_EVENT) return sdeiStatus.OUT_OF_RESOURCE.code;
  if (secure.has(intid)) return DENIED;
  records.interrupt[slot] = intid;
  return records.number(slot);
}

function freeSlot(world: SdeiWorld, shared: boolean): number {
  const { records } = world;
  for (let event = 0; event < records.events.length; event++) {
    if (records.dynamic(event) && records.shared(event) === shared && records.interrupt[event] === UNBOUND)
      return event;
  }
  return NO_EVENT;
}

/** Gives an interrupt back; DENIED while any PE has a handler for it. */
function release(world: SdeiWorld, event: number): number {
  const { records } = world;
  if (!records.dynamic(event)) return INVALID;
  if (records.used(event)) return DENIED;
  if (records.interrupt[event] === UNBOUND) return INVALID;
  records.interrupt[event] = UNBOUND;
  return SUCCESS;
}

/** Events that are not registered do not matter; one whose handler runs is unregistered and makes the reset DENIED. */
function unregisterAll(world: SdeiWorld, pe: number, shared: boolean): number {
  const { records } = world;
  let result = SUCCESS;
  for (let event = 0; event < records.events.length; event++) {
    if (records.shared(event) !== shared) continue;
    if (unregister(world, event, pe) === sdeiStatus.PENDING.code) result = DENIED;
  }
  return result;
}

function releaseAll(world: SdeiWorld): number {
  const { records } = world;
  let result = SUCCESS;
  for (let event = 0; event < records.events.length; event++) {
    if (!records.dynamic(event) || records.interrupt[event] === UNBOUND) continue;
    if (release(world, event) !== SUCCESS) result = DENIED;
  }
  return result;
}

function slotCount(world: SdeiWorld, shared: boolean): number {
  return world.records.events.filter((event) => event.dynamic && (event.shared ?? false) === shared).length;
}
