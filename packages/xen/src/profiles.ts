import { CompositionError } from '@trapline/core';
import type { XenProfile } from './profile.js';
import { XEN_4_18, XEN_4_19, XEN_4_20 } from './profiles/later.js';
import { SPEC } from './profiles/spec.js';
import { XEN_4_17 } from './profiles/xen-4-17.js';

/** The profiles of this package. */
export const PROFILES = {
  'xen-4.17': XEN_4_17,
  'xen-4.18': XEN_4_18,
  'xen-4.19': XEN_4_19,
  'xen-4.20': XEN_4_20,
  spec: SPEC,
} as const satisfies Readonly<Record<string, XenProfile>>;

/** The names of {@link PROFILES}. */
export type XenProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES: readonly XenProfileName[] = Object.keys(PROFILES) as XenProfileName[];

/** A profile by its name, or as it is given. Throws {@link CompositionError} for a name that is not there. */
export function profileOf(profile: XenProfileName | XenProfile): XenProfile {
  if (typeof profile !== 'string') return profile;
  if (Object.hasOwn(PROFILES, profile)) return PROFILES[profile];
  throw new CompositionError(`xen has no profile ${profile}`, `use one of ${PROFILE_NAMES.join(', ')}`);
}
