import {
  type CallSpec,
  type Client,
  type Conduit,
  createClient,
  type Interface,
  isStatus,
  type Status,
  type UnknownStatus,
} from '@trapline/core';
import { archAbi } from '@trapline/smccc';
import { abi } from './abi.js';
import { FEATURE_EXTENDED_STATE, FEATURE_HIBERNATE_OFF, FEATURE_OS_INITIATED } from './features.js';
import type { PowerStateFormat } from './power-state.js';
import type { PsciVersion } from './values.js';

/** The calls of PSCI with their types. */
export type PsciCalls =
  typeof abi extends Interface<infer Calls extends Readonly<Record<string, CallSpec>>> ? Calls : never;

/** A typed function for every PSCI call. */
export type PsciClient = Client<PsciCalls>;

/** The Trusted OS that the firmware tells of. */
export interface TrustedOsInfo {
  readonly type: 'UP_MIGRATABLE' | 'UP_NOT_MIGRATABLE' | 'NOT_REQUIRED' | { readonly unknown: number };
  /** The CPU where a uniprocessor one is resident, as its MPIDR fields. */
  readonly resident?: bigint;
}

/** What driver and firmware have found out about one another. */
export interface Negotiated {
  readonly version: PsciVersion;
  /** Undefined where MIGRATE_INFO_TYPE is not supported. */
  readonly trustedOs: TrustedOsInfo | undefined;
  /** SMCCC's version: 1.0 where nothing tells. */
  readonly smccc: PsciVersion;
  /** Undefined where there is no CPU_SUSPEND. */
  readonly powerStateFormat: PowerStateFormat | undefined;
  readonly osInitiated: boolean;
  readonly systemSuspend: boolean;
  readonly systemReset2: boolean;
  /** Whether SYSTEM_OFF2 can hibernate. */
  readonly hibernateOff: boolean;
}

/** What 0.1 leaves to be known: it has no call that tells anything. */
export const LEGACY_NEGOTIATED: Negotiated = Object.freeze({
  version: Object.freeze({ major: 0, minor: 1 }),
  trustedOs: undefined,
  smccc: Object.freeze({ major: 1, minor: 0 }),
  powerStateFormat: 'original',
  osInitiated: false,
  systemSuspend: false,
  systemReset2: false,
  hibernateOff: false,
});

/**
 * Asks the firmware in the order in which Linux does (drivers/firmware/psci/psci.c, psci_probe): version, Trusted OS, and
 * from 1.0 on SMCCC's version, CPU_SUSPEND's format, SYSTEM_SUSPEND, SYSTEM_RESET2, SYSTEM_OFF2.
 *
 * OS-initiated mode is left again where an earlier stage has chosen it: Linux does so before it decides for itself.
 */
export function negotiate(client: PsciClient, conduit: Conduit): Negotiated {
  const version = client.version();
  const trustedOs = askTrustedOs(client);
  if (version.major < 1) return { ...LEGACY_NEGOTIATED, version, trustedOs };
  const smccc = askSmccc(client, conduit);
  const suspend = flags(client, conduit, 'cpuSuspend');
  const osInitiated = suspend !== undefined && (suspend & FEATURE_OS_INITIATED) !== 0;
  const systemSuspend = flags(client, conduit, 'systemSuspend') !== undefined;
  const systemReset2 = flags(client, conduit, 'systemReset2') !== undefined;
  const off2 = flags(client, conduit, 'systemOff2');
  if (osInitiated) client.setSuspendMode({ mode: 'PLATFORM_COORDINATED' });
  return {
    version,
    trustedOs,
    smccc,
    powerStateFormat:
      suspend === undefined ? undefined : (suspend & FEATURE_EXTENDED_STATE) !== 0 ? 'extended' : 'original',
    osInitiated,
    systemSuspend,
    systemReset2,
    hibernateOff: off2 !== undefined && (off2 & FEATURE_HIBERNATE_OFF) !== 0,
  };
}

/** The flags of a call in the form that the caller would use; undefined where it is not supported. */
function flags(client: PsciClient, conduit: Conduit, name: keyof PsciCalls): number | undefined {
  const { id, wideId } = abi.calls[name];
  const answer = client.features({ function: (conduit.caller.width === 64 ? (wideId ?? id) : id) >>> 0 });
  return isStatus(answer) ? undefined : answer;
}

function askTrustedOs(client: PsciClient): TrustedOsInfo | undefined {
  const type = client.migrateInfoType();
  if (isStatus(type)) return undefined;
  return type === 'UP_MIGRATABLE' || type === 'UP_NOT_MIGRATABLE'
    ? { type, resident: client.migrateInfoUpCpu() }
    : { type };
}

/** SMCCC before 1.1 has no version call, and calling what is not there was not safe then: PSCI is asked first. */
function askSmccc(client: PsciClient, conduit: Conduit): PsciVersion {
  const { version } = archAbi.calls;
  if (isStatus(client.features({ function: version.id >>> 0 }))) return LEGACY_NEGOTIATED.smccc;
  const answer: PsciVersion | Status | UnknownStatus = createClient(archAbi, conduit).version();
  return isStatus(answer) ? LEGACY_NEGOTIATED.smccc : answer;
}
