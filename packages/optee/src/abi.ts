import { defineInterface, named, oneOf, status as statusOf, u32 } from '@trapline/core';
import { encodeFunctionId } from '@trapline/smccc';
import { status } from './status.js';

/** OP-TEE is the first of the owners that are trusted operating systems (DEN0028 1.5 F, table 6-2). */
export const OWNER_OPTEE = 50;

/** What the normal world can say of itself in EXCHANGE_CAPABILITIES. */
export const NSEC_UNIPROCESSOR = 1 << 0;

/** What OP-TEE says of itself there. */
export const SEC_RESERVED_SHM = 1 << 0;
export const SEC_UNREGISTERED_SHM = 1 << 1;
export const SEC_DYNAMIC_SHM = 1 << 2;
export const SEC_VIRTUALIZATION = 1 << 3;
export const SEC_MEMREF_NULL = 1 << 4;
export const SEC_ASYNC_NOTIF = 1 << 5;

/** Bits beside a notification's value: it is one, and there are more. */
export const NOTIF_VALID = 1 << 0;
export const NOTIF_PENDING = 1 << 1;

const fast = (number: number): number => encodeFunctionId({ fast: true, smc64: false, owner: OWNER_OPTEE, number });
const result = statusOf(status);
const uuid = { word0: u32, word1: u32, word2: u32, word3: u32 };
const since = '2.0';

/**
 * OP-TEE's fast calls, in the order of their numbers. UID and revision of the interface are the general queries of owner 63,
 * declared in smccc. Yielding calls (CALL_WITH_ARG, RETURN_FROM_RPC) are not declared.
 */
export const abi = defineInterface({
  name: 'optee',
  title: 'OP-TEE fast calls',
  source: 'Linux, drivers/tee/optee/optee_smc.h',
  calls: {
    getOsUuid: {
      id: fast(0),
      since,
      clause: 'GET_OS_UUID',
      summary: 'Which trusted operating system it is.',
      returns: uuid,
      errors: [],
    },
    getOsRevision: {
      id: fast(1),
      since,
      clause: 'GET_OS_REVISION',
      summary: "The trusted operating system's version, and which build.",
      returns: { major: u32, minor: u32, build: u32 },
      errors: [],
    },
    getShmConfig: {
      id: fast(7),
      since,
      clause: 'GET_SHM_CONFIG',
      summary: 'The memory reserved for sharing.',
      returns: { result, start: u32, size: u32, settings: oneOf('cache settings', { UNCACHED: 0, CACHED: 1 }) },
      errors: ['ENOTAVAIL'],
    },
    exchangeCapabilities: {
      id: fast(9),
      since,
      clause: 'EXCHANGE_CAPABILITIES',
      summary: 'Both worlds say what they can.',
      arguments: { capabilities: named('capabilities', u32, { edges: [0n, 1n, 2n, 3n, 0xffff_ffffn] }) },
      returns: { result, capabilities: u32, maxNotification: u32 },
      errors: ['ENOTAVAIL'],
    },
    disableShmCache: {
      id: fast(10),
      since,
      clause: 'DISABLE_SHM_CACHE',
      summary: 'Gives a cached shared-memory object back, until there is none.',
      returns: { result, cookieHigh: u32, cookieLow: u32 },
      errors: ['ENOTAVAIL'],
    },
    enableShmCache: {
      id: fast(11),
      since,
      clause: 'ENABLE_SHM_CACHE',
      summary: 'Lets OP-TEE cache shared-memory objects.',
      returns: result,
      errors: [],
    },
    getThreadCount: {
      id: fast(15),
      since,
      clause: 'GET_THREAD_COUNT',
      summary: 'How many calls can be in OP-TEE at a time.',
      returns: { result, threads: u32 },
      errors: [],
    },
    enableAsyncNotif: {
      id: fast(16),
      since,
      clause: 'ENABLE_ASYNC_NOTIF',
      summary: 'The normal world takes asynchronous notifications from now on.',
      returns: result,
      errors: ['ENOTAVAIL'],
    },
    getAsyncNotifValue: {
      id: fast(17),
      since,
      clause: 'GET_ASYNC_NOTIF_VALUE',
      summary: 'The next notification.',
      returns: { result, value: u32, flags: u32 },
      errors: ['ENOTAVAIL'],
    },
  },
});
