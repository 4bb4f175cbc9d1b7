import type { IdleState } from '../idle-state.js';
import type { Profile, PsciCallName } from '../profile.js';
import { Code } from '../status.js';
import { clusters } from '../topology.js';
import { tfaServices } from './tf-a-services.js';

/** The builds of TF-A that were recorded. */
export type TfaBuild = 'default' | 'full' | 'hooks';

/** What a build of TF-A decides, under the names of its build flags, and the platform hooks behind its generic code. */
export interface TfaOptions {
  /** One of the recorded builds; `default` where absent. Single flags may be changed besides. */
  readonly build?: TfaBuild;
  /** PSCI_EXTENDED_STATE_ID. */
  readonly extendedStateId?: boolean;
  /** PSCI_OS_INIT_MODE. */
  readonly osInitMode?: boolean;
  /** ENABLE_PSCI_STAT. */
  readonly statistics?: boolean;
  /** Whether the platform has the hooks for SYSTEM_SUSPEND, SYSTEM_RESET2, MEM_PROTECT, NODE_HW_STATE and a Trusted OS. */
  readonly platformHooks?: boolean;
  /** SDEI_SUPPORT. */
  readonly sdei?: boolean;
  /** ERRATA_ABI_SUPPORT. */
  readonly errataAbi?: boolean;
  /** ARCH_FEATURE_AVAILABILITY. */
  readonly featureAvailability?: boolean;
  /** TRNG_SUPPORT. */
  readonly trng?: boolean;
  /** ENABLE_PMF. */
  readonly pmf?: boolean;
}

type Flags = Required<Omit<TfaOptions, 'build'>>;

const DEFAULT: Flags = {
  extendedStateId: false,
  osInitMode: false,
  statistics: false,
  platformHooks: false,
  sdei: false,
  errataAbi: false,
  featureAvailability: false,
  trng: false,
  pmf: false,
};
const IDLE = { extendedStateId: true, osInitMode: true, statistics: true, pmf: true };

/** The names of all options. */
export const TFA_OPTIONS: readonly (keyof TfaOptions)[] = ['build', ...(Object.keys(DEFAULT) as (keyof Flags)[])];

/** `environment.buildFlags` of the recordings. */
const BUILDS: Readonly<Record<TfaBuild, Flags>> = {
  default: DEFAULT,
  full: { ...DEFAULT, ...IDLE, sdei: true, errataAbi: true, featureAvailability: true },
  hooks: { ...DEFAULT, ...IDLE, platformHooks: true, trng: true },
};

/** Platform qemu declares clusters of this size whatever the machine has (plat/qemu/qemu/include/platform_def.h). */
const CLUSTERS = 2;
const CPUS_EACH = 16;
const TOPOLOGY = clusters(CLUSTERS, CPUS_EACH);

/** DRAM of platform qemu, to which the recorded hooks confine entry points and MEM_PROTECT_CHECK_RANGE. */
const DRAM = { base: 0x4000_0000, size: 0x4000_0000 };

/** plat/qemu/common/qemu_pm.c: retention is local state 1, off 2; one StateID digit a level. */
const ORIGINAL: readonly IdleState[] = [
  { name: 'cpu-standby', powerState: 0x0000_0001, levels: [1] },
  { name: 'cpu-power-down', powerState: 0x0001_0002, levels: [2] },
  { name: 'cluster-power-down', powerState: 0x0101_0022, levels: [2, 2] },
];
const EXTENDED: readonly IdleState[] = [
  { name: 'cpu-standby', powerState: 0x0000_0001, levels: [1] },
  { name: 'cpu-power-down', powerState: 0x4000_0002, levels: [2] },
  { name: 'cluster-power-down', powerState: 0x4000_0022, levels: [2, 2] },
];

/**
 * Trusted Firmware-A v2.15 on its platform qemu: lib/psci (psci_main.c, psci_common.c, psci_on.c, psci_suspend.c,
 * psci_stat.c), as recorded.
 */
export function tfaProfile(options: TfaOptions = {}): Profile {
  const build = options.build ?? 'default';
  const { build: _, ...changed } = options;
  const flags: Flags = { ...BUILDS[build], ...changed };
  return {
    name: build === 'default' ? 'tf-a' : `tf-a-${build}`,
    version: { major: 1, minor: 1 },
    levels: ['el3'],
    calls: callsOf(flags),
    // The SMC's immediate is not looked at (bl31/aarch64/runtime_exceptions.S).
    convention: { immediates: [[0, 0xffff]] },
    // plat_core_pos_by_mpidr masks with MPIDR_AFFINITY_MASK: bit 31 and reserved bits do not count.
    mpidrReserved: 'ignored',
    // psci_affinity_info takes the level as unsigned int and supports PSCI_CPU_PWR_LVL alone.
    affinity: { maxLevel: 0, levelBits: 32, above: 'refused' },
    entry: {
      // psci_get_ns_ep_info: a Thumb entry point for an AArch64 exception level is refused, nothing else.
      a64Reserved: 1,
      a32Reserved: 0,
      within: flags.platformHooks ? [DRAM] : 'anywhere',
      error: Code.INVALID_ADDRESS,
    },
    cpuOn: {
      starting: 'pending',
      // psci_cpu_on writes the target's warmboot_ep_info before psci_cpu_on_start looks at its state: a refused CPU_ON
      // changes where a pending CPU begins and a suspended one resumes.
      refusedReplacesStart: true,
      // The local states of a CPU and its domains stay off until psci_cpu_on_finish has run on it.
      pendingKeepsDomains: false,
      // The hold pen of a CPU that does not exist is signalled, and nobody comes.
      absent: 'pending',
    },
    // cm_setup_context: SCTLR_EL2 and SCTLR_EL1 of the context are their RES1 bits.
    start: {
      el: 'highest',
      sctlr: { a64: { el1: 0x30d0_0800, el2: 0x30c5_0830 }, a32: { el1: 0x00c5_0838, el2: 0x30c5_0830 } },
    },
    suspend: {
      format: flags.extendedStateId ? 'extended' : 'original',
      states: flags.extendedStateId ? EXTENDED : ORIGINAL,
      osInitiated: flags.osInitMode,
      // psci_validate_hierarchical_state_consistency knows DENIED alone.
      shallower: Code.DENIED,
      // psci_validate_subtree_state compares the local states of a domain's children with what is asked for the domain.
      last: 'states',
      // psci_cpu_suspend_start, which SYSTEM_SUSPEND enters too, returns SUCCESS where ISR_EL1 is not zero.
      pendingReturns: true,
      system: 'waits',
    },
    // psci_stats_update_pwr_up counts every power-up from the power-down state, the first one included.
    statisticsCountOff: true,
    // psci_migrate checks the target before it asks for the kind of Trusted OS; the SPD reports MPIDR_EL1 as it is.
    migrate: { targetFirst: true, reports: 'mpidr' },
    topology: TOPOLOGY,
    vendorResets: [],
    ...(flags.platformHooks ? HOOKS : {}),
    // psci_features gives SUCCESS for SMCCC_VERSION without looking anything up.
    smcccVersion: 'yes',
    // It does not look at the caller's width either.
    features64: 'all',
    contains: tfaServices({
      ...flags,
      declared: TOPOLOGY.flatMap(({ cpus = [] }) => cpus),
      psciCalls: psciNumCalls(flags),
    }),
  };
}

/** The platform hooks of the recording; argument checks and state rules around them are TF-A's. */
const HOOKS: Pick<Profile, 'trustedOs' | 'nodeHwState' | 'memProtect'> = {
  trustedOs: { type: 'up-migratable', resident: 0 },
  nodeHwState: [
    { level: 1, mask: 0, affinity: 0, state: 2 },
    { level: 0, mask: 0xff, affinity: 0, state: 0 },
    { level: 0, mask: 0, affinity: 0, state: 1 },
  ],
  memProtect: [DRAM],
};

/** psci_setup builds its capabilities from the hooks that a platform and an SPD bring. */
function callsOf(flags: Flags): readonly PsciCallName[] {
  const calls: PsciCallName[] = ['version', 'cpuSuspend', 'cpuOff', 'cpuOn', 'affinityInfo'];
  if (flags.platformHooks) calls.push('migrate', 'migrateInfoType', 'migrateInfoUpCpu');
  calls.push('systemOff', 'systemReset', 'features');
  if (flags.platformHooks) calls.push('nodeHwState', 'systemSuspend');
  if (flags.osInitMode) calls.push('setSuspendMode');
  if (flags.statistics) calls.push('statResidency', 'statCount');
  if (flags.platformHooks) calls.push('systemReset2', 'memProtect', 'memProtectCheckRange');
  return calls;
}

/** PSCI_NUM_CALLS (include/lib/psci/psci.h): a constant of the build, whatever hooks the platform has. */
function psciNumCalls(flags: Flags): number {
  return 25 + (flags.osInitMode ? 1 : 0) + (flags.statistics ? 4 : 0);
}
