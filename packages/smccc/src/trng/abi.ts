import {
  defineInterface,
  defineStatus,
  named,
  type StatusNamespace,
  status,
  u32,
  type ValueType,
  valueOr,
  word,
} from '@trapline/core';
import { valueUnless } from '../exact-status.js';
import { versionType } from '../version.js';

/**
 * True random number generator firmware interface 1.0 (DEN0098 1.0 REL0).
 */

/** What TRNG calls return (DEN0098 1.0, 2.1). Other meanings than SMCCC's and PSCI's same numbers. */
export const trngStatus: StatusNamespace<'trng', 'SUCCESS' | 'NOT_SUPPORTED' | 'INVALID_PARAMETERS' | 'NO_ENTROPY'> =
  defineStatus('trng', 'DEN0098 1.0, 2.1', {
    SUCCESS: 0,
    NOT_SUPPORTED: -1,
    INVALID_PARAMETERS: -2,
    NO_ENTROPY: -3,
  });

/** Bits that one TRNG_RND call gives at most: three registers of either width. */
export const MAX_RND32_BITS = 96;
export const MAX_RND64_BITS = 192;

/** The only code that stands in place of a UUID: its first word may be any other number. */
const uuidStatus: StatusNamespace<'trng', 'NOT_SUPPORTED'> = defineStatus('trng', 'DEN0098 1.0, 2.4', {
  NOT_SUPPORTED: trngStatus.NOT_SUPPORTED.code,
});

/** How many bits are asked for. */
const bitsType: ValueType<number> = named('bits', u32, {
  edges: [0n, 1n, 31n, 32n, 33n, 63n, 64n, 65n, 95n, 96n, 97n, 127n, 128n, 129n, 191n, 192n, 193n, 0xffff_ffffn],
});

/** A TRNG function id as an argument. */
const trngFunctionType: ValueType<number> = named('function id', u32, {
  edges: [0x8400_0050n, 0x8400_0051n, 0x8400_0052n, 0x8400_0053n, 0xc400_0053n, 0xc400_0050n, 0x8400_0000n, 0n],
});

/** The TRNG calls, in the order of section 2. */
export const trngAbi = defineInterface({
  name: 'trng',
  title: 'True random number generator',
  source: 'DEN0098 1.0, TRNG Firmware Interface',
  calls: {
    version: {
      id: 0x8400_0050,
      since: '1.0',
      clause: '2.2',
      summary: 'Which version of the interface is implemented.',
      returns: valueOr(versionType, trngStatus),
      errors: ['NOT_SUPPORTED'],
    },
    features: {
      id: 0x8400_0051,
      since: '1.0',
      clause: '2.3',
      summary: 'Whether a TRNG call is implemented.',
      arguments: { function: trngFunctionType },
      returns: valueOr(u32, trngStatus),
      errors: ['SUCCESS', 'NOT_SUPPORTED'],
    },
    getUuid: {
      id: 0x8400_0052,
      since: '1.0',
      clause: '2.4',
      summary: 'Which back end the entropy comes from.',
      returns: { uuid0: valueUnless(u32, uuidStatus), uuid1: u32, uuid2: u32, uuid3: u32 },
      errors: ['NOT_SUPPORTED'],
    },
    rnd: {
      id: 0x8400_0053,
      id64: 0xc400_0053,
      since: '1.0',
      clause: '2.5',
      summary: 'Conditioned entropy, right-aligned: the lowest bits in the third register.',
      arguments: { bits: bitsType },
      returns: { result: status(trngStatus), high: word, middle: word, low: word },
      errors: ['SUCCESS', 'NOT_SUPPORTED', 'INVALID_PARAMETERS', 'NO_ENTROPY'],
    },
  },
});
