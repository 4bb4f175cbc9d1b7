import { type Convention, defineInterface, named, SMCCC, status as statusOf, u32, u64 } from '@trapline/core';
import { status } from './status.js';

/** The immediates that Gunyah reserves: a call's number is its instruction's immediate. */
export const FIRST_IMMEDIATE = 0x6000;
export const LAST_IMMEDIATE = 0x61ff;

/** How registers are read (docs/api/gunyah_api.md, AArch64 HVC ABI): arguments from X0 on, error in X0, results behind it. */
export const GUNYAH: Convention = {
  ...SMCCC,
  name: 'gunyah',
  conduits: ['hvc'],
  immediates: [[FIRST_IMMEDIATE, LAST_IMMEDIATE]],
  selector: 'immediate',
  ignoredBits: 0,
  firstArgument: 0,
  narrow: 'by-caller',
};

/** Bits of the first result of HYPERVISOR_IDENTIFY. */
export const API_VERSION = 1;
export const API_64BIT = 0x8000;
/** Feature bits of the second one. */
export const FEATURE_DOORBELL = 1 << 1;

/** Most bytes that one PRNG_GET_ENTROPY gives. */
export const MAX_ENTROPY = 16;

const capability = named('capability', u64);
const flags = named('flags', u64);
const error = statusOf(status);
const since = '1';
const capErrors = ['CSPACE_CAP_NULL', 'CSPACE_INSUFFICIENT_RIGHTS'];

/** The calls that are answered here, in the order of their numbers (the .hvc files below hyp/interfaces). */
export const abi = defineInterface({
  name: 'gunyah',
  title: "Gunyah's hypercalls",
  source: 'Gunyah, docs/api/gunyah_api.md',
  convention: GUNYAH,
  calls: {
    hypervisorIdentify: {
      id: 0x6000,
      since,
      clause: 'Hypervisor Identification',
      summary: 'The version of the API, and what is there.',
      returns: { apiInfo: u64, flags0: u64, flags1: u64, flags2: u64 },
      errors: [],
    },
    doorbellSend: {
      id: 0x6012,
      since,
      clause: 'Doorbell Send',
      summary: 'Sets flags; interrupts the receiver where one of them is enabled.',
      arguments: { doorbell: capability, newFlags: flags },
      returns: { error, oldFlags: flags },
      errors: capErrors,
    },
    doorbellReceive: {
      id: 0x6013,
      since,
      clause: 'Doorbell Receive',
      summary: 'Reads the flags and clears some.',
      arguments: { doorbell: capability, clearFlags: flags },
      returns: { error, oldFlags: flags },
      errors: ['ARGUMENT_INVALID', ...capErrors],
    },
    doorbellReset: {
      id: 0x6014,
      since,
      clause: 'Doorbell Reset',
      summary: 'Clears all flags and enables all of them.',
      arguments: { doorbell: capability },
      returns: error,
      errors: capErrors,
    },
    doorbellMask: {
      id: 0x6015,
      since,
      clause: 'Doorbell Mask',
      summary: 'Which flags interrupt, and which are cleared when they have.',
      arguments: { doorbell: capability, enableMask: flags, ackMask: flags },
      returns: error,
      errors: capErrors,
    },
    prngGetEntropy: {
      id: 0x6057,
      since,
      clause: 'PRNG Get Entropy',
      summary: 'Up to 16 random bytes, a multiple of 4; four times in 33 ms.',
      arguments: { bytes: named('bytes', u32, { edges: [0n, 1n, 4n, 8n, 12n, 16n, 17n, 20n, 0xffff_ffffn] }) },
      returns: { error, data0: u32, data1: u32, data2: u32, data3: u32 },
      errors: ['ARGUMENT_SIZE', 'ARGUMENT_ALIGNMENT', 'BUSY'],
    },
  },
});
