import { type ClientOf, type Conduit, createClient, type Driver, isStatus } from '@trapline/core';
import type { Version } from '../version.js';
import { archAbi, SOC_NAME_REGISTERS } from './abi.js';

/**
 * How SMCCC is found: by PSCI, whose driver stands above this package and is handed in by value (DEN0028 1.5 F,
 * appendix A; Linux does the same).
 */
export interface SmcccProbe<Psci> {
  readonly driver: Driver<Psci>;
  /** The conduit that PSCI is called by, and everything else with it. */
  conduit(psci: Psci): Conduit;
  /** Whether PSCI_FEATURES knows a function; false before PSCI 1.0, which has no such call. */
  hasFeature(psci: Psci, functionId: number): boolean;
}

/** What a SoC tells of itself. What it does not tell is undefined. */
export interface SocDescription {
  readonly version: number | undefined;
  readonly revision: number | undefined;
  readonly name: string | undefined;
}

/** The calling convention as a guest has found it. */
export interface Smccc {
  /** 1.0 where there is no SMCCC_VERSION: a guest then makes none of the calls of this package. */
  readonly version: Version;
  readonly conduit: Conduit;
  /** The architecture calls; undefined in 1.0. */
  readonly calls: ClientOf<typeof archAbi> | undefined;
  /** Whether SMCCC_ARCH_FEATURES answers for a function; false in 1.0. */
  has(functionId: number): boolean;
  /** Asks for the SoC's identification; all undefined where it tells none. */
  socId(): SocDescription;
}

const FIRST_WITH_CALLS: Version = { major: 1, minor: 1 };

/**
 * The driver that finds the calling convention's version: PSCI_FEATURES(SMCCC_VERSION), then SMCCC_VERSION; 1.0 where
 * either is not there. It has no node of its own.
 */
export function smcccDriver<Psci>(probe: SmcccProbe<Psci>): Driver<Smccc> {
  return {
    name: 'smccc',
    compatible: [],
    needs: [probe.driver],
    bind: (context) => {
      const psci = context.get(probe.driver);
      return discoverSmccc(probe.conduit(psci), (id) => probe.hasFeature(psci, id));
    },
  };
}

/** Finds the convention's version over a conduit; `hasFeature` is PSCI_FEATURES. */
export function discoverSmccc(conduit: Conduit, hasFeature: (functionId: number) => boolean): Smccc {
  const calls = createClient(archAbi, conduit);
  const told = hasFeature(archAbi.calls.version.id >>> 0) ? calls.version() : undefined;
  const version = told === undefined || isStatus(told) ? undefined : told;
  if (!version || isBefore(version, FIRST_WITH_CALLS)) return bare(conduit);
  const has = (functionId: number): boolean => !isStatus(calls.archFeatures({ function: functionId }));
  return { version, conduit, calls, has, socId: () => socIdOf(calls, has) };
}

function bare(conduit: Conduit): Smccc {
  return {
    version: { major: 1, minor: 0 },
    conduit,
    calls: undefined,
    has: () => false,
    socId: () => ({ version: undefined, revision: undefined, name: undefined }),
  };
}

function isBefore(version: Version, other: Version): boolean {
  return version.major < other.major || (version.major === other.major && version.minor < other.minor);
}

function socIdOf(calls: ClientOf<typeof archAbi>, has: (functionId: number) => boolean): SocDescription {
  const { id, wideId } = archAbi.calls.archSocId;
  const there = has(id >>> 0) || has((wideId as number) >>> 0);
  const ask = (type: 'version' | 'revision'): number | undefined => {
    const { result } = calls.archSocId({ type });
    return isStatus(result) ? undefined : result;
  };
  if (!there) return { version: undefined, revision: undefined, name: undefined };
  return { version: ask('version'), revision: ask('revision'), name: nameOf(calls) };
}

/** The name stands in X1 to X17, eight characters each, up to a NUL. */
function nameOf(calls: ClientOf<typeof archAbi>): string | undefined {
  const answer = calls.archSocId({ type: 'name' });
  if (isStatus(answer.result)) return undefined;
  const words = answer as unknown as Readonly<Record<string, bigint>>;
  let name = '';
  for (let i = 0; i < 8 * SOC_NAME_REGISTERS; i++) {
    const code = Number(((words[`name${i >> 3}`] as bigint) >> BigInt(8 * (i & 7))) & 0xffn);
    if (code === 0) break;
    name += String.fromCharCode(code);
  }
  return name;
}
