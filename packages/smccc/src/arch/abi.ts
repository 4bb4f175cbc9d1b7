import {
  defineInterface,
  defineStatus,
  named,
  oneOf,
  type StatusNamespace,
  status,
  type Unknown,
  u32,
  u64,
  type ValueType,
  valueOr,
  word,
} from '@trapline/core';
import { versionType } from '../version.js';

/**
 * Arm architecture calls: owner 0 (DEN0028 1.5 F, section 7).
 */

/** What these calls return (DEN0028 1.5 F, 7.1). −2 and −3 mean other things in PSCI and TRNG. */
export const smcccStatus: StatusNamespace<'smccc', 'SUCCESS' | 'NOT_SUPPORTED' | 'NOT_REQUIRED' | 'INVALID_PARAMETER'> =
  defineStatus('smccc', 'DEN0028 1.5 F, 7.1', {
    SUCCESS: 0,
    NOT_SUPPORTED: -1,
    NOT_REQUIRED: -2,
    INVALID_PARAMETER: -3,
  });

/** What SMCCC_ARCH_SOC_ID is asked for. */
const socIdType: ValueType<'version' | 'revision' | 'name' | Unknown> = oneOf('SoC id type', {
  version: 0,
  revision: 1,
  name: 2,
});

/** A function id as an argument. */
const functionIdType: ValueType<number> = named('function id', u32, {
  edges: [0n, 0x8000_0000n, 0x8000_0001n, 0x8000_0002n, 0x8000_8000n, 0xc500_0020n, 0x8400_0000n, 0xffff_ffffn],
});

/** An encoded system register, `op0.op1.CRn.CRm.op2` as a trap's syndrome has it. */
const registerType: ValueType<number | bigint, bigint> = named('system register', word, {
  edges: [0n, 0x1e_1100n, 0x1e_1140n, 0x1e_1320n, 0x1e_a520n, 0xffff_ffffn, 0x1_001e_1100n],
});

/** Registers X1 to X17 hold the SoC's name, eight characters each, NUL-terminated. */
export const SOC_NAME_REGISTERS = 17;
/** Characters a SoC's name can have beside its NUL. */
export const MAX_SOC_NAME: number = 8 * SOC_NAME_REGISTERS - 1;

/** Arm architecture calls, in the order of section 7. */
export const archAbi = defineInterface({
  name: 'smccc',
  title: 'Arm architecture calls',
  source: 'DEN0028 1.5 F, SMC Calling Convention',
  calls: {
    version: {
      id: 0x8000_0000,
      since: '1.1',
      clause: '7.2',
      summary: 'Which version of the convention is implemented.',
      returns: valueOr(versionType, smcccStatus),
      errors: ['NOT_SUPPORTED'],
    },
    archFeatures: {
      id: 0x8000_0001,
      since: '1.1',
      clause: '7.3',
      summary: 'Whether an architecture call is implemented, and what is to be known of it.',
      arguments: { function: functionIdType },
      returns: valueOr(u32, smcccStatus),
      errors: ['SUCCESS', 'NOT_SUPPORTED', 'NOT_REQUIRED'],
    },
    archSocId: {
      id: 0x8000_0002,
      id64: 0xc000_0002,
      since: '1.2',
      clause: '7.4',
      summary: "The SoC's JEP-106 version, revision, or name; the name by SMC64 only.",
      arguments: { type: socIdType },
      returns: {
        result: valueOr(u32, smcccStatus),
        name0: u64,
        name1: u64,
        name2: u64,
        name3: u64,
        name4: u64,
        name5: u64,
        name6: u64,
        name7: u64,
        name8: u64,
        name9: u64,
        name10: u64,
        name11: u64,
        name12: u64,
        name13: u64,
        name14: u64,
        name15: u64,
        name16: u64,
      },
      errors: ['SUCCESS', 'NOT_SUPPORTED', 'INVALID_PARAMETER'],
    },
    archWorkaround1: {
      id: 0x8000_8000,
      since: '1.1',
      clause: '7.5',
      summary: 'Mitigates CVE-2017-5715 for the calling PE.',
      returns: {},
    },
    archWorkaround2: {
      id: 0x8000_7fff,
      since: '1.1',
      clause: '7.6',
      summary: 'Turns the mitigation of CVE-2018-3639 on or off for the calling PE.',
      arguments: { enable: u32 },
      returns: {},
    },
    archWorkaround3: {
      id: 0x8000_3fff,
      since: '1.4',
      clause: '7.7',
      summary: 'Mitigates CVE-2017-5715 and CVE-2022-23960 for the calling PE.',
      returns: {},
    },
    archFeatureAvailability: {
      id: 0x8000_0003,
      id64: 0xc000_0003,
      since: '1.5',
      clause: '7',
      summary: 'Which features an EL3 register makes available to the caller, bit by bit of that register.',
      arguments: { register: registerType },
      returns: { result: status(smcccStatus), features: word },
      errors: ['SUCCESS', 'NOT_SUPPORTED', 'INVALID_PARAMETER'],
    },
    archWorkaround4: {
      id: 0x8000_0004,
      since: '1.5',
      clause: '7',
      summary: 'Mitigates CVE-2024-7881 for the calling PE.',
      returns: {},
    },
  },
});
