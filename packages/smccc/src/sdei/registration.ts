import { type Call, type Handlers, returnHalves, returnInt } from '@trapline/core';
import { ROUTE_ANY, ROUTE_PE, STATUS_REGISTERED, STATUS_RUNNING, type sdeiAbi, sdeiStatus } from './abi.js';
import { NO_EVENT, UNBOUND } from './records.js';
import { nextSdeiState, SDEI_FORBIDDEN, type SdeiAction } from './state.js';
import type { SdeiWorld } from './world.js';

const SUCCESS = sdeiStatus.SUCCESS.code;
const INVALID = sdeiStatus.INVALID_PARAMETERS.code;
const DENIED = sdeiStatus.DENIED.code;
const PENDING = sdeiStatus.PENDING.code;

/** What SDEI_EVENT_GET_INFO is asked for. */
const EVENT_TYPE = 0;
const NOT_SIGNALED = 1;
const PRIORITY = 2;
const ROUTING_MODE = 3;
const ROUTING_AFFINITY = 4;

/** The calls about one event: its handler, state, properties and routing (DEN0054A, 5.1.2 to 5.1.11). */
export function registrationHandlers(world: SdeiWorld): Handlers<typeof sdeiAbi> {
  return {
    eventRegister: (call) => returnInt(call, register(world, call)),
    eventEnable: (call) => returnInt(call, change(world, call, 'enable')),
    eventDisable: (call) => returnInt(call, change(world, call, 'disable')),
    eventUnregister: (call) => returnInt(call, unregisterCall(world, call)),
    eventStatus: (call) => {
      const event = eventOf(world, call);
      if (event === NO_EVENT) return returnInt(call, INVALID);
      return returnInt(call, world.records.state[world.records.record(event, call.pe.index)] as number);
    },
    eventGetInfo: (call) => getInfo(world, call),
    eventRoutingSet: (call) => returnInt(call, setRouting(world, call)),
  };
}

/** The event in a call's first argument: 32 bits of it count. */
export function eventOf(world: SdeiWorld, call: Call): number {
  return world.records.find((call.w[0] as number) | 0);
}

/** Entry, flags, event and state are checked in this order (TF-A `sdei_main.c`). */
function register(world: SdeiWorld, call: Call): number {
  const { w } = call;
  const { records } = world;
  if (w[2] === 0 && w[3] === 0) return INVALID;
  if (!validRouting(world, call, 6)) return INVALID;
  const event = eventOf(world, call);
  if (event === NO_EVENT) return INVALID;
  const record = records.record(event, call.pe.index);
  const next = nextSdeiState(records.state[record] as number, 'register');
  if (next === SDEI_FORBIDDEN || unbound(world, event)) return DENIED;
  records.clear(record);
  records.state[record] = next;
  for (let i = 0; i < 4; i++) records.handler[4 * record + i] = w[2 + i] as number;
  if (records.shared(event)) route(world, event, call, 6);
  return SUCCESS;
}

function change(world: SdeiWorld, call: Call, action: 'enable' | 'disable'): number {
  const event = eventOf(world, call);
  if (event === NO_EVENT) return INVALID;
  return act(world, world.records.record(event, call.pe.index), action) ? SUCCESS : DENIED;
}

function act(world: SdeiWorld, record: number, action: SdeiAction): boolean {
  const next = nextSdeiState(world.records.state[record] as number, action);
  if (next === SDEI_FORBIDDEN) return false;
  world.records.state[record] = next;
  return true;
}

function unregisterCall(world: SdeiWorld, call: Call): number {
  const event = eventOf(world, call);
  return event === NO_EVENT ? INVALID : unregister(world, event, call.pe.index);
}

/** Takes a handler back: PENDING while it runs, DENIED where there is none (DEN0054A, 5.1.8). */
export function unregister(world: SdeiWorld, event: number, pe: number): number {
  const { records } = world;
  const record = records.record(event, pe);
  const running = ((records.state[record] as number) & STATUS_RUNNING) !== 0;
  if (!act(world, record, 'unregister')) return running ? PENDING : DENIED;
  records.clear(record);
  return running ? PENDING : SUCCESS;
}

function getInfo(world: SdeiWorld, call: Call): ReturnType<typeof returnInt> {
  const { records } = world;
  const event = eventOf(world, call);
  if (event === NO_EVENT) return returnInt(call, INVALID);
  const shared = records.shared(event);
  switch (call.w[2]) {
    case EVENT_TYPE:
      return returnInt(call, shared ? 1 : 0);
    case NOT_SIGNALED:
      return returnInt(call, records.number(event) === 0 ? 0 : 1);
    case PRIORITY:
      return returnInt(call, records.critical(event) ? 1 : 0);
    case ROUTING_MODE:
    case ROUTING_AFFINITY:
      break;
    default:
      return returnInt(call, INVALID);
  }
  if (!shared) return returnInt(call, INVALID);
  if (((records.state[records.record(event, 0)] as number) & STATUS_REGISTERED) === 0) return returnInt(call, DENIED);
  if (call.w[2] === ROUTING_MODE) return returnInt(call, records.routing[event] as number);
  if (records.routing[event] !== ROUTE_PE) return returnInt(call, INVALID);
  return returnHalves(call, records.affinity[2 * event] as number, records.affinity[2 * event + 1] as number);
}

function setRouting(world: SdeiWorld, call: Call): number {
  const { records } = world;
  if (!validRouting(world, call, 2)) return INVALID;
  const event = eventOf(world, call);
  if (event === NO_EVENT || !records.shared(event) || unbound(world, event)) return INVALID;
  if (!act(world, records.record(event, 0), 'route')) return DENIED;
  route(world, event, call, 2);
  return SUCCESS;
}

/** Whether the routing flags at half `at` of the arguments, and the affinity behind them, are valid. */
function validRouting(world: SdeiWorld, call: Call, at: number): boolean {
  const { w } = call;
  if (w[at + 1] !== 0) return false;
  if (w[at] === ROUTE_ANY) return true;
  return w[at] === ROUTE_PE && world.isDeclared(w[at + 2] as number, w[at + 3] as number);
}

function route(world: SdeiWorld, event: number, call: Call, at: number): void {
  const { records } = world;
  records.routing[event] = call.w[at] as number;
  if (call.w[at] !== ROUTE_PE) return;
  records.affinity[2 * event] = (call.w[at + 2] as number) & 0x00ff_ffff;
  records.affinity[2 * event + 1] = (call.w[at + 3] as number) & 0xff;
}

/** A slot that no interrupt is bound to. */
function unbound(world: SdeiWorld, event: number): boolean {
  return world.records.dynamic(event) && world.records.interrupt[event] === UNBOUND;
}
