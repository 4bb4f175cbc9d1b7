import { type Convention, defineInterface, named, oneOf, SMCCC, status as statusOf, u32 } from '@trapline/core';
import { status } from './status.js';
import { tokenOf, VENDOR_EPAPR } from './token.js';

/**
 * The hypercalls of ePAPR's virtualization chapter, in the order of their numbers. Numbers, codes and registers are
 * those of Linux (arch/powerpc/include/uapi/asm/epapr_hcalls.h, asm/epapr_hcalls.h).
 *
 * INT_SEND_IPI (11) and the task priority (12, 13) are not declared: no source at hand says their arguments.
 */

/**
 * Which ARM registers stand for ePAPR's, an extension of this project: ePAPR defines PowerPC registers only. The token
 * (r11) is in W0 or R0; arguments (r3, r4, …) are in X1, X2, …; results, where ePAPR has r3, r4, …, are in X0, X1, ….
 * Nothing else changes. All values have 32 bits.
 */
export const EPAPR_ON_ARM: Convention = {
  ...SMCCC,
  name: 'epapr-on-arm',
  // Bit 16 belongs to the vendor of a token.
  ignoredBits: 0,
  smc64NeedsA64: false,
  widen: 'zero',
};

/** Bytes that one call can send or receive: four registers. */
export const BYTE_CHANNEL_MAX_BYTES = 16;

/** What INT_IACK gives where no interrupt is pending (Linux, arch/powerpc/sysdev/ehv_pic.c). */
export const SPURIOUS_VECTOR = 0xffff;

/** MSGSND to every CPU, and the field with the number of one (Linux, arch/powerpc/include/asm/dbell.h). */
export const MESSAGE_BROADCAST = 0x0400_0000;
export const MESSAGE_TARGET = 0x3fff;

/** INT_SET_CONFIG: bit 0 set for active high or rising, bit 1 set for level (Linux, asm/ehv_pic.h). */
export const CONFIG_POSITIVE = 1;
export const CONFIG_LEVEL = 2;

const handleType = named('handle', u32);
const interruptType = named('interrupt', u32);
const countType = named('count', u32, { edges: [0n, 1n, 15n, 16n, 17n, 0xffff_ffffn] });
const maskType = oneOf('mask', { ENABLED: 0, DISABLED: 1 });
const priorityType = named('priority', u32, { edges: [0n, 1n, 8n, 15n, 16n] });
const cpuType = named('cpu', u32);
const bytes = { data0: u32, data1: u32, data2: u32, data3: u32 };
const result = statusOf(status);
const since = '1.0';

export const abi = defineInterface({
  name: 'epapr',
  title: "ePAPR's hypercalls",
  source: 'Power.org ePAPR 1.1, virtualization; Linux, arch/powerpc/include/asm/epapr_hcalls.h',
  convention: EPAPR_ON_ARM,
  calls: {
    byteChannelSend: {
      id: tokenOf(VENDOR_EPAPR, 1),
      since,
      clause: 'EV_BYTE_CHANNEL_SEND',
      summary: 'Sends up to 16 bytes; gives how many were taken.',
      arguments: { handle: handleType, count: countType, ...bytes },
      returns: { result, count: u32 },
      errors: ['EINVAL', 'EAGAIN'],
    },
    byteChannelReceive: {
      id: tokenOf(VENDOR_EPAPR, 2),
      since,
      clause: 'EV_BYTE_CHANNEL_RECEIVE',
      summary: 'Receives up to 16 bytes.',
      arguments: { handle: handleType, count: countType },
      returns: { result, count: u32, ...bytes },
      errors: ['EINVAL'],
    },
    byteChannelPoll: {
      id: tokenOf(VENDOR_EPAPR, 3),
      since,
      clause: 'EV_BYTE_CHANNEL_POLL',
      summary: 'How many bytes can be received, and how many sent.',
      arguments: { handle: handleType },
      returns: { result, received: u32, space: u32 },
      errors: ['EINVAL'],
    },
    intSetConfig: {
      id: tokenOf(VENDOR_EPAPR, 4),
      since,
      clause: 'EV_INT_SET_CONFIG',
      summary: 'Sets sense, polarity, priority and destination of an interrupt.',
      arguments: { interrupt: interruptType, config: u32, priority: priorityType, destination: cpuType },
      returns: result,
      errors: ['EINVAL'],
    },
    intGetConfig: {
      id: tokenOf(VENDOR_EPAPR, 5),
      since,
      clause: 'EV_INT_GET_CONFIG',
      summary: 'What INT_SET_CONFIG has set.',
      arguments: { interrupt: interruptType },
      returns: { result, config: u32, priority: priorityType, destination: cpuType },
      errors: ['EINVAL'],
    },
    intSetMask: {
      id: tokenOf(VENDOR_EPAPR, 6),
      since,
      clause: 'EV_INT_SET_MASK',
      summary: 'Enables (0) or disables an interrupt.',
      arguments: { interrupt: interruptType, mask: maskType },
      returns: result,
      errors: ['EINVAL'],
    },
    intGetMask: {
      id: tokenOf(VENDOR_EPAPR, 7),
      since,
      clause: 'EV_INT_GET_MASK',
      summary: 'Whether an interrupt is disabled.',
      arguments: { interrupt: interruptType },
      returns: { result, mask: maskType },
      errors: ['EINVAL'],
    },
    intIack: {
      id: tokenOf(VENDOR_EPAPR, 9),
      since,
      clause: 'EV_INT_IACK',
      summary: 'Takes the pending interrupt of highest priority; 0xffff where there is none.',
      arguments: { controller: handleType },
      returns: { result, vector: u32 },
      errors: ['EINVAL'],
    },
    intEoi: {
      id: tokenOf(VENDOR_EPAPR, 10),
      since,
      clause: 'EV_INT_EOI',
      summary: 'Ends the interrupt that is in service.',
      arguments: { interrupt: interruptType },
      returns: result,
      errors: ['EINVAL'],
    },
    doorbellSend: {
      id: tokenOf(VENDOR_EPAPR, 14),
      since,
      clause: 'EV_DOORBELL_SEND',
      summary: 'Rings a doorbell of another partition.',
      arguments: { handle: handleType },
      returns: result,
      errors: ['EINVAL', 'CONFIG'],
    },
    msgsnd: {
      id: tokenOf(VENDOR_EPAPR, 15),
      since,
      clause: 'EV_MSGSND',
      summary: "Interrupts one CPU or all, by the message of Power's msgsnd instruction.",
      arguments: { message: named('message', u32, { edges: [0n, 1n, 3n, 4n, 0x3fffn, 0x0400_0000n, 0x0800_0000n] }) },
      returns: result,
      errors: ['EINVAL', 'UNIMPLEMENTED'],
    },
    idle: {
      id: tokenOf(VENDOR_EPAPR, 16),
      since,
      clause: 'EV_IDLE',
      summary: 'Waits for the next interrupt of this CPU.',
      returns: result,
      errors: [],
      waits: true,
    },
  },
});
