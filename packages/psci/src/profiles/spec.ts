import { abi } from '../abi.js';
import type { IdleState } from '../idle-state.js';
import type { PowerStateFormat } from '../power-state.js';
import type { LegacyIds, Profile, PsciCallName, TrustedOs } from '../profile.js';
import { Code } from '../status.js';

/** The published versions of PSCI. */
export type PsciVersionName = '0.1' | '0.2' | '1.0' | '1.1' | '1.2' | '1.3';

/** All versions, the newest last. */
export const VERSIONS: readonly PsciVersionName[] = ['0.1', '0.2', '1.0', '1.1', '1.2', '1.3'];

/**
 * The ids of PSCI 0.1 that most trees carry. The specification has none; these are what KVM chose first
 * (Linux, arch/arm/include/uapi/asm/kvm.h).
 */
export const LEGACY_IDS: Required<LegacyIds> = {
  cpuSuspend: 0x95c1_ba5e | 0,
  cpuOff: 0x95c1_ba5f | 0,
  cpuOn: 0x95c1_ba60 | 0,
  migrate: 0x95c1_ba61 | 0,
};

/** What a `spec` profile leaves to the platform. */
export interface SpecOptions {
  readonly format?: PowerStateFormat;
  readonly trustedOs?: TrustedOs;
  readonly legacyIds?: LegacyIds;
}

/** Idle states of the original format: every combination of a CPU's and its domains' states that makes sense. */
const ORIGINAL_STATES: readonly IdleState[] = [
  { name: 'cpu-standby', powerState: 0x0000_0000, levels: [1] },
  { name: 'cpu-power-down', powerState: 0x0001_0000, levels: [2], ...latencies(40, 100, 150) },
  { name: 'cluster-retention', powerState: 0x0100_0000, levels: [1, 1], ...latencies(20, 60, 100) },
  { name: 'cpu-power-down-cluster-retention', powerState: 0x0101_0001, levels: [2, 1], ...latencies(60, 150, 300) },
  { name: 'cluster-power-down', powerState: 0x0101_0000, levels: [2, 2], ...latencies(500, 1000, 2500) },
  { name: 'system-power-down', powerState: 0x0201_0000, levels: [2, 2, 2], ...latencies(1000, 2500, 10_000) },
];

/** The same with StateIDs that hold one digit a level. */
const EXTENDED_STATES: readonly IdleState[] = [
  { name: 'cpu-standby', powerState: 0x0000_0001, levels: [1] },
  { name: 'cpu-power-down', powerState: 0x4000_0002, levels: [2], ...latencies(40, 100, 150) },
  { name: 'cluster-retention', powerState: 0x0000_0011, levels: [1, 1], ...latencies(20, 60, 100) },
  { name: 'cpu-power-down-cluster-retention', powerState: 0x4000_0012, levels: [2, 1], ...latencies(60, 150, 300) },
  { name: 'cluster-power-down', powerState: 0x4000_0022, levels: [2, 2], ...latencies(500, 1000, 2500) },
  { name: 'system-power-down', powerState: 0x4000_0222, levels: [2, 2, 2], ...latencies(1000, 2500, 10_000) },
];

/** A profile that follows DEN0022 as of one version, with every optional function that a simulated machine can have. */
export function specProfile(version: PsciVersionName, options: SpecOptions = {}): Profile {
  const { format = 'original', trustedOs } = options;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const legacy = version === '0.1' ? { ...LEGACY_IDS, ...options.legacyIds } : options.legacyIds;
  return {
    name: `spec-${version}`,
    version: version === '0.1' ? undefined : { major, minor },
    calls: callsOf(version, trustedOs),
    ...(legacy === undefined ? {} : { legacyIds: legacy }),
    mpidrReserved: 'refused',
    affinity: { maxLevel: 3, levelBits: 32, above: 'refused' },
    entry: {
      a64Reserved: 3,
      a32Reserved: 2,
      within: 'memory',
      // INVALID_ADDRESS came with 1.0.
      error: major === 0 ? Code.INVALID_PARAMETERS : Code.INVALID_ADDRESS,
    },
    cpuOn: { starting: 'pending', refusedReplacesStart: false, pendingKeepsDomains: true, absent: 'fails' },
    // RES1 bits alone (DDI 0487, SCTLR_EL1 and SCTLR_EL2; SCTLR and HSCTLR): MMU, caches and alignment checks off.
    start: {
      el: 'caller',
      sctlr: { a64: { el1: 0x30d0_0800, el2: 0x30c5_0830 }, a32: { el1: 0x00c5_0838, el2: 0x30c5_0830 } },
    },
    suspend: {
      format,
      states: format === 'original' ? ORIGINAL_STATES : EXTENDED_STATES,
      osInitiated: major > 0,
      shallower: Code.INVALID_PARAMETERS,
      pendingReturns: false,
      system: 'waits',
    },
    statisticsCountOff: false,
    migrate: { targetFirst: false, reports: 'affinity' },
    ...(trustedOs === undefined ? {} : { trustedOs }),
    vendorResets: [],
    ...(version === '1.3' ? { cleanInv: { opType: 0, latency: 0, rateLimit: 0 } } : {}),
    smcccVersion: 'seen',
  };
}

/** MIGRATE and MIGRATE_INFO_UP_CPU are there for a uniprocessor Trusted OS alone (5.8, 5.10). */
function callsOf(version: PsciVersionName, trustedOs: TrustedOs | undefined): readonly PsciCallName[] {
  const uniprocessor = trustedOs !== undefined && trustedOs.type !== 'multiprocessor';
  return abi.all
    .filter((call) => VERSIONS.indexOf(call.spec.since as PsciVersionName) <= VERSIONS.indexOf(version))
    .map((call) => call.name as PsciCallName)
    .filter((name) => uniprocessor || (name !== 'migrate' && name !== 'migrateInfoUpCpu'));
}

function latencies(entryLatency: number, exitLatency: number, minResidency: number): Partial<IdleState> {
  return { entryLatency, exitLatency, minResidency };
}
