import { named, oneOf, type Unknown, u32, type ValueType, word } from '@trapline/core';
import { describePowerState } from './power-state.js';

/** A CPU as its MPIDR affinity fields: Aff3 in bits 39:32, Aff2.Aff1.Aff0 in bits 23:0, all else zero (5.1.4). */
export const mpidr: ValueType<number | bigint, bigint> = named('mpidr', word, {
  edges: [0n, 1n, 2n, 3n, 4n, 0xffn, 0x100n, 0x101n, 0xff_ffffn, 0x8000_0000n, 0x1_0000_0000n, 0xff_00ff_ffffn],
});

/** A guest-physical address of code, for CPUs that start or resume. */
export const entryPoint: ValueType<number | bigint, bigint> = named('entry point', word);

/** A value that only the caller understands: delivered in X0 (R0) of the CPU that starts or resumes. */
export const contextId: ValueType<number | bigint, bigint> = named('context id', word);

/** A `power_state` parameter, in the original or the extended format (5.4.2). */
export const powerState: ValueType<number> = named('power state', u32, {
  show: (low) => describePowerState(low),
  edges: [0n, 1n, 0x1_0000n, 0x100_0000n, 0x101_0000n, 0x4000_0000n, 0x2_0000n, 0x8000_0000n, 0xffff_ffffn],
});

const LEVELS = { cpu: 0, cluster: 1, level2: 2, level3: 3 } as const;

/** An affinity or power level: 0 is a CPU. Names are the usual ones; other values are kept as numbers. */
export const level: ValueType<number> = named('level', u32, {
  edges: [0n, 1n, 2n, 3n, 4n, 0xffn, 0xffff_ffffn],
  show: (low) => Object.entries(LEVELS).find(([, value]) => value === low)?.[0] ?? String(low >>> 0),
});

/** The version as PSCI_VERSION gives it: major in bits 30:16, minor in bits 15:0 (5.3). */
export interface PsciVersion {
  readonly major: number;
  readonly minor: number;
}

/** The result of PSCI_VERSION. */
export const version: ValueType<PsciVersion> = {
  name: 'version',
  bits: 32,
  write: (registers, slot, value) => u32.write(registers, slot, ((value.major & 0x7fff) << 16) | value.minor),
  read: (registers, slot) => decodeVersion(registers.w[2 * slot] as number),
  show: (low) => (low | 0 ? `${(low >>> 16) & 0x7fff}.${low & 0xffff}` : '0.0'),
  edges: [2n, 0x1_0000n, 0x1_0001n, 0x1_0002n, 0x1_0003n],
};

/** Versions that exist or are near: reading one of them makes no object. */
const NEAR_MAJORS = 2;
const NEAR_MINORS = 8;
const NEAR: readonly PsciVersion[] = Array.from({ length: NEAR_MAJORS * NEAR_MINORS }, (_, i) =>
  Object.freeze({ major: Math.floor(i / NEAR_MINORS), minor: i % NEAR_MINORS }),
);

/** Takes a version word apart. */
export function decodeVersion(value: number): PsciVersion {
  const major = (value >>> 16) & 0x7fff;
  const minor = value & 0xffff;
  if (major < NEAR_MAJORS && minor < NEAR_MINORS) return NEAR[major * NEAR_MINORS + minor] as PsciVersion;
  return { major, minor };
}

type Named<Names extends string> = ValueType<Names | Unknown, Names | Unknown>;

/** What AFFINITY_INFO says of a CPU or group (5.7). */
export const affinityState: Named<'ON' | 'OFF' | 'ON_PENDING'> = oneOf('affinity state', {
  ON: 0,
  OFF: 1,
  ON_PENDING: 2,
});

/** What NODE_HW_STATE says of a node (5.19). */
export const hwState: Named<'HW_ON' | 'HW_OFF' | 'HW_STANDBY'> = oneOf('hardware state', {
  HW_ON: 0,
  HW_OFF: 1,
  HW_STANDBY: 2,
});

/** The kind of Trusted OS (5.9). */
export const trustedOsType: Named<'UP_MIGRATABLE' | 'UP_NOT_MIGRATABLE' | 'NOT_REQUIRED'> = oneOf('trusted OS type', {
  UP_MIGRATABLE: 0,
  UP_NOT_MIGRATABLE: 1,
  NOT_REQUIRED: 2,
});

/** Who coordinates power domains (5.21). */
export const suspendMode: Named<'PLATFORM_COORDINATED' | 'OS_INITIATED'> = oneOf('suspend mode', {
  PLATFORM_COORDINATED: 0,
  OS_INITIATED: 1,
});

/** The attribute that CLEAN_INV_MEMREGION_ATTRIBUTES is asked for. */
export const cleanInvAttribute: Named<
  'OP_TYPE' | 'CPU_RENDEZVOUS' | 'FLUSH_LATENCY' | 'RATE_LIMIT' | 'RENDEZVOUS_TIMEOUT'
> = oneOf('attribute', { OP_TYPE: 0, CPU_RENDEZVOUS: 1, FLUSH_LATENCY: 2, RATE_LIMIT: 3, RENDEZVOUS_TIMEOUT: 4 });
