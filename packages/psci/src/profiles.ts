import { CompositionError } from '@trapline/core';
import type { Profile } from './profile.js';
import { QEMU_PROFILE, qemuProfile } from './profiles/qemu.js';
import { type PsciVersionName, type SpecOptions, specProfile, VERSIONS } from './profiles/spec.js';
import { TFA_OPTIONS, type TfaBuild, type TfaOptions, tfaProfile } from './profiles/tf-a.js';

/** The profiles this package brings: each version of the specification, TF-A's builds, QEMU's built-in PSCI. */
export type ProfileName = 'spec' | `spec-${PsciVersionName}` | 'tf-a' | `tf-a-${TfaBuild}` | typeof QEMU_PROFILE;

/** The version that `spec` stands for. */
export const CURRENT_VERSION: PsciVersionName = '1.3';

/** Which profile, by name or as data, and what of it to change. */
export interface ProfileOptions extends SpecOptions, TfaOptions {
  /** A profile of this package by name, or one of your own as data; `spec` where absent. */
  readonly profile?: ProfileName | Profile;
  /** The version of `spec`, which may stand in its name as well. */
  readonly version?: PsciVersionName;
}

/**
 * Finds a profile.
 *
 * Throws {@link CompositionError} for a name, a version or a build that is not there.
 */
export function profileOf(options: ProfileOptions): Profile {
  const { profile = 'spec' } = options;
  if (typeof profile !== 'string') return profile;
  const [name, rest] = split(profile);
  if (name === QEMU_PROFILE) return qemuProfile();
  if (name === 'tf-a')
    return tfaProfile(tfaOptions({ ...options, build: known(options.build ?? rest, BUILDS, 'build') }));
  if (name !== 'spec') throw new CompositionError(`psci has no profile ${profile}`, `use one of ${NAMES.join(', ')}`);
  return specProfile(known(options.version ?? rest, VERSIONS, 'version'), options);
}

const BUILDS: readonly TfaBuild[] = ['default', 'full', 'hooks'];

/** Every name that {@link profileOf} finds. */
export const NAMES: readonly ProfileName[] = [
  'spec',
  ...VERSIONS.map((version) => `spec-${version}` as const),
  'tf-a',
  ...BUILDS.map((build) => `tf-a-${build}` as const),
  QEMU_PROFILE,
];

function split(name: string): readonly [string, string] {
  if (name === 'spec') return [name, CURRENT_VERSION];
  if (name === 'tf-a') return [name, 'default'];
  const match = /^(spec|tf-a)-(.+)$/.exec(name);
  return match ? [match[1] as string, match[2] as string] : [name, ''];
}

function known<T extends string>(value: string, all: readonly T[], what: string): T {
  if ((all as readonly string[]).includes(value)) return value as T;
  throw new CompositionError(`psci has no profile for ${what} ${value}`, `use one of ${all.join(', ')}`);
}

/** The flags that were given, without the options that belong to others. */
function tfaOptions(options: TfaOptions): TfaOptions {
  return Object.fromEntries(
    TFA_OPTIONS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}
