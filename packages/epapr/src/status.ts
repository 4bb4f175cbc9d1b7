import { defineStatus, type StatusNamespace } from '@trapline/core';

const CODES = {
  SUCCESS: 0,
  EPERM: 1,
  ENOENT: 2,
  EIO: 3,
  EAGAIN: 4,
  ENOMEM: 5,
  EFAULT: 6,
  ENODEV: 7,
  EINVAL: 8,
  INTERNAL: 9,
  CONFIG: 10,
  INVALID_STATE: 11,
  UNIMPLEMENTED: 12,
  BUFFER_OVERFLOW: 13,
} as const;

/** The names of ePAPR's hypercall return codes. */
export type EpaprStatusName = keyof typeof CODES;

/** ePAPR's hypercall return codes: positive, unlike those of every other interface here. */
export const status: StatusNamespace<'epapr', EpaprStatusName> = defineStatus(
  'epapr',
  'Linux, arch/powerpc/include/uapi/asm/epapr_hcalls.h',
  CODES,
);

/** The codes as plain int32 numbers, for handlers. */
export const Code: typeof CODES = CODES;
