import type { Convention, ValueType } from '@trapline/core';

/** A version as the calls of several interfaces give it: major in bits 30:16, minor in bits 15:0. */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** The issues of the convention that a service can answer as. */
export type SmcccVersion = '1.0' | '1.1' | '1.2' | '1.3' | '1.4' | '1.5';

/** All of {@link SmcccVersion}, in order. */
export const SMCCC_VERSIONS: readonly SmcccVersion[] = ['1.0', '1.1', '1.2', '1.3', '1.4', '1.5'];

/** A version in one register. */
export const versionType: ValueType<Version> = {
  name: 'version',
  bits: 32,
  write: (registers, slot, value) => {
    registers.w[2 * slot] = versionNumber(value);
    registers.w[2 * slot + 1] = 0;
  },
  read: (registers, slot) => versionFrom(registers.w[2 * slot] as number),
  show: (low) => `${(low >>> 16) & 0x7fff}.${low & 0xffff}`,
  edges: [0x1_0000n, 0x1_0001n, 0x1_0005n, 0x7fff_ffffn],
};

/** The register value of a version. */
export function versionNumber(version: Version): number {
  return ((version.major & 0x7fff) << 16) | (version.minor & 0xffff);
}

/** The version in a register value. */
export function versionFrom(value: number): Version {
  return { major: (value >>> 16) & 0x7fff, minor: value & 0xffff };
}

/** `1.5` as major and minor. */
export function parseVersion(version: SmcccVersion): Version {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  return { major, minor };
}

/** Whether a version is at least another. */
export function isAtLeast(version: SmcccVersion, other: SmcccVersion): boolean {
  return SMCCC_VERSIONS.indexOf(version) >= SMCCC_VERSIONS.indexOf(other);
}

/**
 * What a version changes about reading registers: before 1.3 bit 16 is part of the number (DEN0028 1.3 D brought the
 * hint). All services of one composition have to be read by the same rules.
 */
export function conventionOf(version: SmcccVersion): Partial<Convention> {
  return isAtLeast(version, '1.3') ? {} : { ignoredBits: 0 };
}
