import { defineStatus, type StatusNamespace } from '@trapline/core';

/** SCMI's status codes (DEN0056E, 4.1.4). */
export const scmiStatus: StatusNamespace<
  'scmi',
  | 'SUCCESS'
  | 'NOT_SUPPORTED'
  | 'INVALID_PARAMETERS'
  | 'DENIED'
  | 'NOT_FOUND'
  | 'OUT_OF_RANGE'
  | 'BUSY'
  | 'COMMS_ERROR'
  | 'GENERIC_ERROR'
  | 'HARDWARE_ERROR'
  | 'PROTOCOL_ERROR'
> = defineStatus('scmi', 'DEN0056E, 4.1.4', {
  SUCCESS: 0,
  NOT_SUPPORTED: -1,
  INVALID_PARAMETERS: -2,
  DENIED: -3,
  NOT_FOUND: -4,
  OUT_OF_RANGE: -5,
  BUSY: -6,
  COMMS_ERROR: -7,
  GENERIC_ERROR: -8,
  HARDWARE_ERROR: -9,
  PROTOCOL_ERROR: -10,
});

/** The base protocol, which every platform has. */
export const BASE_PROTOCOL = 0x10;

/** Its version here: 2.0, major in the high half. */
export const BASE_VERSION = 0x2_0000;

/** Messages of the base protocol (DEN0056E, 4.2); those of notifications, permissions and resets are not here. */
export const BaseMessage = {
  PROTOCOL_VERSION: 0,
  PROTOCOL_ATTRIBUTES: 1,
  PROTOCOL_MESSAGE_ATTRIBUTES: 2,
  BASE_DISCOVER_VENDOR: 3,
  BASE_DISCOVER_SUB_VENDOR: 4,
  BASE_DISCOVER_IMPLEMENTATION_VERSION: 5,
  BASE_DISCOVER_LIST_PROTOCOLS: 6,
  BASE_DISCOVER_AGENT: 7,
} as const;

/** Bytes of a name, with its NUL. */
export const NAME_BYTES = 16;

/** A message header (DEN0056E, 4.1.3): message in bits 7:0, type 9:8 (0 is a command), protocol 17:10, token 27:18. */
export function headerOf(protocol: number, message: number, token = 0): number {
  return ((token & 0x3ff) << 18) | ((protocol & 0xff) << 10) | (message & 0xff);
}

/** Whether a header is that of a command, and of which message of which protocol. */
export function parseHeader(header: number): {
  readonly command: boolean;
  readonly protocol: number;
  readonly message: number;
} {
  return { command: ((header >>> 8) & 3) === 0, protocol: (header >>> 10) & 0xff, message: header & 0xff };
}
