import { defineStatus, type StatusNamespace } from '@trapline/core';

const CODES = {
  OK: 0,
  UNIMPLEMENTED: -1,
  RETRY: -2,
  ARGUMENT_INVALID: 1,
  ARGUMENT_SIZE: 2,
  ARGUMENT_ALIGNMENT: 3,
  NOMEM: 10,
  NORESOURCES: 11,
  ADDR_OVERFLOW: 20,
  ADDR_UNDERFLOW: 21,
  ADDR_INVALID: 22,
  DENIED: 30,
  BUSY: 31,
  IDLE: 32,
  FAILURE: 36,
  CSPACE_CAP_NULL: 50,
  CSPACE_CAP_REVOKED: 51,
  CSPACE_WRONG_OBJECT_TYPE: 52,
  CSPACE_INSUFFICIENT_RIGHTS: 53,
  CSPACE_FULL: 54,
} as const;

/** The names of Gunyah's errors. */
export type GunyahStatusName = keyof typeof CODES;

/** Gunyah's errors: positive, but for two (hyp/core/base/types.tc, docs/api/gunyah_api.md, Error Results). */
export const status: StatusNamespace<'gunyah', GunyahStatusName> = defineStatus(
  'gunyah',
  'Gunyah, docs/api/gunyah_api.md',
  CODES,
);

/** The codes as plain int32 numbers, for handlers. */
export const Code: typeof CODES = CODES;
