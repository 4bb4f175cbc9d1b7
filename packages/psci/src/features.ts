import type { Implementation } from '@trapline/core';
import { abi } from './abi.js';
import type { Profile } from './profile.js';

/** SMCCC_VERSION: the one function outside PSCI that PSCI_FEATURES speaks of (DEN0028 1.5 F, 7.2; DEN0022F.b, 5.16). */
const SMCCC_VERSION = 0x8000_0000 | 0;

/** Flags of CPU_SUSPEND: OS-initiated mode, extended power state (5.16). */
export const FEATURE_OS_INITIATED = 1;
export const FEATURE_EXTENDED_STATE = 2;
/** Flags of SYSTEM_OFF2: one bit a type; HIBERNATE_OFF is the first. */
export const FEATURE_HIBERNATE_OFF = 1;

/** What PSCI_FEATURES gives for every number that is implemented. */
export function featureFlags(
  profile: Profile,
  own: readonly Implementation[],
  neighbours: readonly Implementation[],
): ReadonlyMap<number, number> {
  const flags = new Map<number, number>();
  for (const { entries } of own) {
    for (const { id, declaration } of entries) flags.set(id, flagsOf(profile, declaration.name));
  }
  const seen = neighbours.some(({ entries }) => entries.some(({ id }) => id === SMCCC_VERSION));
  if (profile.smcccVersion === 'yes' || (profile.smcccVersion === 'seen' && seen)) flags.set(SMCCC_VERSION, 0);
  return flags;
}

function flagsOf(profile: Profile, name: string): number {
  if (name === abi.calls.cpuSuspend.name) {
    const { format, osInitiated } = profile.suspend;
    return (format === 'extended' ? FEATURE_EXTENDED_STATE : 0) | (osInitiated ? FEATURE_OS_INITIATED : 0);
  }
  return name === abi.calls.systemOff2.name ? FEATURE_HIBERNATE_OFF : 0;
}
