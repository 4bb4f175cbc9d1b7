import {
  defineInterface,
  defineStatus,
  named,
  oneOf,
  type StatusNamespace,
  type Unknown,
  u32,
  type ValueType,
  valueOr,
} from '@trapline/core';
import { versionType } from '../version.js';

/**
 * Errata management firmware interface 1.0 (DEN0100 1.0).
 */

/** What these calls return where they return no answer (DEN0100 1.0, 2.1). */
export const errataStatus: StatusNamespace<
  'errata',
  'SUCCESS' | 'NOT_SUPPORTED' | 'INVALID_PARAMETERS' | 'UNKNOWN_ERRATUM'
> = defineStatus('errata', 'DEN0100 1.0, 2.1', {
  SUCCESS: 0,
  NOT_SUPPORTED: -1,
  INVALID_PARAMETERS: -2,
  UNKNOWN_ERRATUM: -3,
});

/** What is known of an erratum on the calling PE. */
export type ErratumAnswer = 'AFFECTED' | 'NOT_AFFECTED' | 'HIGHER_EL_MITIGATION';

/** The numbers of {@link ErratumAnswer}. */
export const ERRATUM_ANSWERS: Readonly<Record<ErratumAnswer, number>> = {
  AFFECTED: 1,
  NOT_AFFECTED: 2,
  HIGHER_EL_MITIGATION: 3,
};

const answerType: ValueType<ErratumAnswer | Unknown> = oneOf('erratum answer', ERRATUM_ANSWERS);

/** An errata management function id as an argument. */
const errataFunctionType: ValueType<number> = named('function id', u32, {
  edges: [0x8400_00f0n, 0x8400_00f1n, 0x8400_00f2n, 0x8400_00f3n, 0xc400_00f0n, 0n],
});

/** The errata management calls, in the order of section 2. SMC32 only. */
export const errataAbi = defineInterface({
  name: 'errata',
  title: 'Errata management',
  source: 'DEN0100 1.0, Errata Management Firmware Interface',
  calls: {
    version: {
      id: 0x8400_00f0,
      since: '1.0',
      clause: '2.2',
      summary: 'Which version of the interface is implemented.',
      returns: valueOr(versionType, errataStatus),
      errors: ['NOT_SUPPORTED'],
    },
    features: {
      id: 0x8400_00f1,
      since: '1.0',
      clause: '2.3',
      summary: 'Whether an errata management call is implemented.',
      arguments: { function: errataFunctionType },
      returns: valueOr(u32, errataStatus),
      errors: ['SUCCESS', 'NOT_SUPPORTED'],
    },
    cpuErratumFeatures: {
      id: 0x8400_00f2,
      since: '1.0',
      clause: '2.4',
      summary: 'Whether an erratum concerns the calling PE, and whether a higher level mitigates it.',
      arguments: { erratum: u32, forward: u32 },
      returns: valueOr(answerType, errataStatus),
      errors: ['NOT_SUPPORTED', 'INVALID_PARAMETERS', 'UNKNOWN_ERRATUM'],
    },
  },
});
