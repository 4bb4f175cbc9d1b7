import {
  defineInterface,
  defineStatus,
  i32,
  named,
  oneOf,
  type StatusNamespace,
  status,
  type Unknown,
  u32,
  u64,
  type ValueType,
  valueOr,
  word,
} from '@trapline/core';
import { valueUnless } from '../exact-status.js';

/**
 * Software delegated exception interface 1.0 (DEN0054A).
 */

/** What SDEI calls return (DEN0054A, 5.2). */
export const sdeiStatus: StatusNamespace<
  'sdei',
  'SUCCESS' | 'NOT_SUPPORTED' | 'INVALID_PARAMETERS' | 'DENIED' | 'PENDING' | 'OUT_OF_RESOURCE'
> = defineStatus('sdei', 'DEN0054A, 5.2', {
  SUCCESS: 0,
  NOT_SUPPORTED: -1,
  INVALID_PARAMETERS: -2,
  DENIED: -3,
  PENDING: -5,
  OUT_OF_RESOURCE: -10,
});

/** A version of SDEI: major in bits 62:48, minor in bits 47:32, the vendor's own in bits 31:0. */
export interface SdeiVersion {
  readonly major: number;
  readonly minor: number;
  readonly vendor: number;
}

const sdeiVersionType: ValueType<SdeiVersion> = {
  name: 'SDEI version',
  bits: 64,
  write: (registers, slot, value) => {
    registers.w[2 * slot] = value.vendor;
    registers.w[2 * slot + 1] = ((value.major & 0x7fff) << 16) | (value.minor & 0xffff);
  },
  read: (registers, slot) => {
    const high = registers.w[2 * slot + 1] as number;
    return { major: (high >>> 16) & 0x7fff, minor: high & 0xffff, vendor: registers.w[2 * slot] as number };
  },
  show: (low, high) => `${(high >>> 16) & 0x7fff}.${high & 0xffff}${low === 0 ? '' : ` vendor ${low >>> 0}`}`,
  edges: [0x1_0000_0000_0000n],
};

/** What SDEI_EVENT_GET_INFO can be asked (DEN0054A, 5.1.10). */
const infoType: ValueType<'event-type' | 'not-signaled' | 'priority' | 'routing-mode' | 'routing-affinity' | Unknown> =
  oneOf('info', {
    'event-type': 0,
    'not-signaled': 1,
    priority: 2,
    'routing-mode': 3,
    'routing-affinity': 4,
  });

/** How a shared event is routed (DEN0054A, 5.1.2). */
export const ROUTE_ANY = 0;
export const ROUTE_PE = 1;

/** Bits of SDEI_EVENT_STATUS (DEN0054A, 5.1.9). */
export const STATUS_REGISTERED = 1;
export const STATUS_ENABLED = 2;
export const STATUS_RUNNING = 4;

/** The only feature that 1.0 has: how many interrupts can be bound (DEN0054A, 5.1.17). */
export const FEATURE_BIND_SLOTS = 0;

/** Registers that SDEI_EVENT_CONTEXT can read: X0 to X17 (DEN0054A, 5.1.5). */
export const CONTEXT_REGISTERS = 18;

const eventType: ValueType<number> = named('event', i32, {
  edges: [0n, 1n, 0x7fff_ffffn, 0xffff_ffffn],
});
const routingType: ValueType<number | bigint, bigint> = named('routing', word, { edges: [0n, 1n, 2n, 2n ** 63n] });
const contextType: ValueType<number> = named('register', u32, { edges: [0n, 1n, 3n, 17n, 18n, 0xffff_ffffn] });
const interruptType: ValueType<number> = named('INTID', u32, {
  edges: [0n, 15n, 16n, 31n, 32n, 40n, 1019n, 1020n, 0xffff_ffffn],
});

const result = status(sdeiStatus);

/** The SDEI calls, in the order of section 5.1. SMC64 only. */
export const sdeiAbi = defineInterface({
  name: 'sdei',
  title: 'Software delegated exceptions',
  source: 'DEN0054A, Software Delegated Exception Interface',
  calls: {
    version: {
      id: 0xc400_0020,
      since: '1.0',
      clause: '5.1.1',
      summary: 'Which version of the interface is implemented.',
      returns: valueOr(sdeiVersionType, sdeiStatus),
      errors: ['NOT_SUPPORTED'],
    },
    eventRegister: {
      id: 0xc400_0021,
      since: '1.0',
      clause: '5.1.2',
      summary: 'Registers a handler for an event.',
      arguments: { event: eventType, entry: word, argument: word, flags: routingType, affinity: word },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS', 'DENIED'],
    },
    eventEnable: {
      id: 0xc400_0022,
      since: '1.0',
      clause: '5.1.3',
      summary: 'Lets a registered event be delivered.',
      arguments: { event: eventType },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS', 'DENIED'],
      waits: true,
    },
    eventDisable: {
      id: 0xc400_0023,
      since: '1.0',
      clause: '5.1.4',
      summary: 'Keeps a registered event from being delivered.',
      arguments: { event: eventType },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS', 'DENIED'],
    },
    eventContext: {
      id: 0xc400_0024,
      since: '1.0',
      clause: '5.1.5',
      summary: 'A register of what the running handler interrupted.',
      arguments: { register: contextType },
      returns: valueUnless(u64, sdeiStatus),
      errors: ['INVALID_PARAMETERS', 'DENIED'],
    },
    eventComplete: {
      id: 0xc400_0025,
      since: '1.0',
      clause: '5.1.6',
      summary: 'Ends the running handler; what it interrupted goes on.',
      arguments: { status: u32 },
      returns: result,
      errors: ['DENIED'],
      waits: true,
    },
    eventCompleteAndResume: {
      id: 0xc400_0026,
      since: '1.0',
      clause: '5.1.7',
      summary: 'Ends the running handler as if an exception were taken to an address.',
      arguments: { address: word },
      returns: result,
      errors: ['DENIED'],
      waits: true,
    },
    eventUnregister: {
      id: 0xc400_0027,
      since: '1.0',
      clause: '5.1.8',
      summary: 'Takes a handler back.',
      arguments: { event: eventType },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS', 'DENIED', 'PENDING'],
    },
    eventStatus: {
      id: 0xc400_0028,
      since: '1.0',
      clause: '5.1.9',
      summary: 'Whether a handler is registered (bit 0), enabled (bit 1), running (bit 2).',
      arguments: { event: eventType },
      returns: valueOr(u32, sdeiStatus),
      errors: ['INVALID_PARAMETERS'],
    },
    eventGetInfo: {
      id: 0xc400_0029,
      since: '1.0',
      clause: '5.1.10',
      summary: 'One property of an event.',
      arguments: { event: eventType, info: infoType },
      returns: valueOr(u64, sdeiStatus),
      errors: ['INVALID_PARAMETERS', 'DENIED'],
    },
    eventRoutingSet: {
      id: 0xc400_002a,
      since: '1.0',
      clause: '5.1.11',
      summary: 'Routes a shared event to any PE or to one.',
      arguments: { event: eventType, flags: routingType, affinity: word },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS', 'DENIED'],
    },
    peMask: {
      id: 0xc400_002b,
      since: '1.0',
      clause: '5.1.12',
      summary: 'Keeps all events from the calling PE; tells 1 where they were not kept before.',
      returns: valueOr(u32, sdeiStatus),
    },
    peUnmask: {
      id: 0xc400_002c,
      since: '1.0',
      clause: '5.1.13',
      summary: 'Lets events come to the calling PE.',
      returns: result,
      errors: ['SUCCESS'],
      waits: true,
    },
    interruptBind: {
      id: 0xc400_002d,
      since: '1.0',
      clause: '5.1.14',
      summary: 'Makes an event of an interrupt; gives its number.',
      arguments: { interrupt: interruptType },
      returns: valueOr(u32, sdeiStatus),
      errors: ['INVALID_PARAMETERS', 'DENIED', 'OUT_OF_RESOURCE'],
    },
    interruptRelease: {
      id: 0xc400_002e,
      since: '1.0',
      clause: '5.1.15',
      summary: 'Gives the interrupt of a bound event back.',
      arguments: { event: eventType },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS', 'DENIED'],
    },
    eventSignal: {
      id: 0xc400_002f,
      since: '1.0',
      clause: '5.1.16',
      summary: 'Signals event 0 to a PE.',
      arguments: { event: eventType, target: word },
      returns: result,
      errors: ['SUCCESS', 'INVALID_PARAMETERS'],
      waits: true,
    },
    features: {
      id: 0xc400_0030,
      since: '1.0',
      clause: '5.1.17',
      summary: 'One property of the implementation.',
      arguments: { feature: u32 },
      returns: valueOr(u64, sdeiStatus),
      errors: ['INVALID_PARAMETERS'],
    },
    privateReset: {
      id: 0xc400_0031,
      since: '1.0',
      clause: '5.1.18',
      summary: "Unregisters all of the calling PE's private events.",
      returns: result,
      errors: ['SUCCESS', 'DENIED'],
    },
    sharedReset: {
      id: 0xc400_0032,
      since: '1.0',
      clause: '5.1.19',
      summary: 'Unregisters all shared events and gives bound interrupts back.',
      returns: result,
      errors: ['SUCCESS', 'DENIED'],
    },
  },
});
