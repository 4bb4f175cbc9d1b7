import { defineStatus, type StatusNamespace } from '@trapline/core';

const CODES = {
  SUCCESS: 0,
  EPERM: -1,
  ENOENT: -2,
  ENOMEM: -12,
  EBUSY: -16,
  EEXIST: -17,
  EINVAL: -22,
  ENOSYS: -38,
} as const;

/** The names of the errors that Jailhouse's hypercalls give. */
export type JailhouseStatusName = keyof typeof CODES;

/** Jailhouse's errors: Linux's errno values, negative (include/jailhouse/header.h and hypervisor/control.c). */
export const status: StatusNamespace<'jailhouse', JailhouseStatusName> = defineStatus(
  'jailhouse',
  'Jailhouse, hypervisor/control.c',
  CODES,
);

/** The codes as plain int32 numbers, for handlers. */
export const Code: typeof CODES = CODES;
