import { defineStatus, type StatusNamespace } from '@trapline/core';

const CODES = {
  SUCCESS: 0,
  NOT_SUPPORTED: -1,
  INVALID_PARAMETERS: -2,
  DENIED: -3,
  ALREADY_ON: -4,
  ON_PENDING: -5,
  INTERNAL_FAILURE: -6,
  NOT_PRESENT: -7,
  DISABLED: -8,
  INVALID_ADDRESS: -9,
  TIMEOUT: -10,
  RATE_LIMITED: -11,
  BUSY: -12,
} as const;

/** The names of PSCI's return codes. */
export type PsciStatusName = keyof typeof CODES;

/**
 * PSCI's return codes (DEN0022F.b, 5.2.2).
 *
 * INVALID_ADDRESS came with 1.0. TIMEOUT, RATE_LIMITED and BUSY belong to CLEAN_INV_MEMREGION of the 1.3 drafts.
 */
export const status: StatusNamespace<'psci', PsciStatusName> = defineStatus('psci', 'DEN0022F.b 5.2.2', CODES);

/** The codes as plain int32 numbers, for handlers. */
export const Code: typeof CODES = CODES;
