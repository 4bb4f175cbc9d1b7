import { CompositionError } from '@trapline/core';
import type { Profile } from './profile.js';
import { type PsciVersionName, type SpecOptions, specProfile, VERSIONS } from './profiles/spec.js';

/** The profiles this package brings: each version of the specification. */
export type ProfileName = 'spec' | `spec-${PsciVersionName}`;

/** The version that `spec` stands for. */
export const CURRENT_VERSION: PsciVersionName = '1.3';

/** Which profile, by name or as data, and what of it to change. */
export interface ProfileOptions extends SpecOptions {
  /** A profile of this package by name, or one of your own as data; `spec` where absent. */
  readonly profile?: ProfileName | Profile;
  /** The version of a `spec` profile, which may stand in its name as well. */
  readonly version?: PsciVersionName;
}

/**
 * Finds a profile.
 *
 * Throws {@link CompositionError} for a name or version that is not there.
 */
export function profileOf(options: ProfileOptions): Profile {
  const { profile = 'spec' } = options;
  if (typeof profile !== 'string') return profile;
  const version = options.version ?? (profile === 'spec' ? CURRENT_VERSION : profile.slice('spec-'.length));
  const known = profile === 'spec' || profile.startsWith('spec-');
  if (!known || !VERSIONS.includes(version as PsciVersionName)) {
    throw new CompositionError(
      `psci has no profile ${profile}${options.version === undefined ? '' : ` of version ${options.version}`}`,
      `use spec with one of the versions ${VERSIONS.join(', ')}, or a profile of your own`,
    );
  }
  return specProfile(version as PsciVersionName, options);
}
