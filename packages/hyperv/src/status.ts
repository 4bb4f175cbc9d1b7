import { defineStatus, type StatusNamespace } from '@trapline/core';

const CODES = {
  SUCCESS: 0x00,
  INVALID_HYPERCALL_CODE: 0x02,
  INVALID_HYPERCALL_INPUT: 0x03,
  INVALID_ALIGNMENT: 0x04,
  INVALID_PARAMETER: 0x05,
  ACCESS_DENIED: 0x06,
  OPERATION_DENIED: 0x08,
  INSUFFICIENT_MEMORY: 0x0b,
  INVALID_PARTITION_ID: 0x0d,
  INVALID_VP_INDEX: 0x0e,
  INVALID_PORT_ID: 0x11,
  INVALID_CONNECTION_ID: 0x12,
  INSUFFICIENT_BUFFERS: 0x13,
} as const;

/** The names of Hyper-V's status codes, without HV_STATUS_. */
export type HyperVStatusName = keyof typeof CODES;

/** Hyper-V's status codes: the low 16 bits of a hypercall's result (TLFS, Hypercall Status Values; openvmm, hvdef). */
export const status: StatusNamespace<'hyperv', HyperVStatusName> = defineStatus(
  'hyperv',
  'TLFS, Hypercall Status Values',
  CODES,
);

/** The codes as plain numbers, for handlers. */
export const Code: typeof CODES = CODES;
