import { defineStatus, type StatusNamespace } from '@trapline/core';

const CODES = {
  OK: 0,
  ETHREAD_LIMIT: 1,
  EBUSY: 2,
  ERESUME: 3,
  EBADADDR: 4,
  EBADCMD: 5,
  ENOMEM: 6,
  ENOTAVAIL: 7,
  UNKNOWN_FUNCTION: -1,
} as const;

/** The names of what OP-TEE's calls return. */
export type OpteeStatusName = keyof typeof CODES;

/** What OP-TEE's calls return (Linux, drivers/tee/optee/optee_smc.h): positive errors, and −1 for an unknown number. */
export const status: StatusNamespace<'optee', OpteeStatusName> = defineStatus(
  'optee',
  'Linux, drivers/tee/optee/optee_smc.h',
  CODES,
);

/** The codes as plain int32 numbers, for handlers. */
export const Code: typeof CODES = CODES;
