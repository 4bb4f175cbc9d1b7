import { LEGACY_IDS, type Profile, status } from '@trapline/psci';
import { KVM_CONVENTION } from '../abi/convention.js';

/** SCTLR_EL1 and AArch32's SCTLR after reset (arch/arm64/kvm/sys_regs.c, reset_val of SCTLR_EL1). */
export const SCTLR_RESET = 0x00c5_0078;

/**
 * KVM's PSCI (arch/arm64/kvm/psci.c) as data over the mechanism of the psci package. All calls of all versions: which of
 * them a vCPU has, its version register decides.
 */
export const PSCI_PROFILE: Profile = {
  name: 'kvm',
  version: { major: 1, minor: 3 },
  calls: [
    'version',
    'cpuSuspend',
    'cpuOff',
    'cpuOn',
    'affinityInfo',
    'migrateInfoType',
    'systemOff',
    'systemReset',
    'features',
    'systemSuspend',
    'systemReset2',
    'systemOff2',
  ],
  legacyIds: { cpuOff: LEGACY_IDS.cpuOff, cpuOn: LEGACY_IDS.cpuOn },
  convention: KVM_CONVENTION,
  // kvm_psci_valid_affinity: nothing outside MPIDR_HWID_BITMASK.
  mpidrReserved: 'refused',
  affinity: { maxLevel: 3, levelBits: 64, above: 'refused' },
  // The entry point is never looked at.
  entry: { a64Reserved: 0, a32Reserved: 0, within: 'anywhere', error: status.INVALID_ADDRESS.code },
  cpuOn: {
    // mp_state is RUNNABLE when CPU_ON returns: there is no ON_PENDING.
    starting: 'on',
    refusedReplacesStart: false,
    absent: 'fails',
    pendingKeepsDomains: false,
    legacyAlreadyOn: status.INVALID_PARAMETERS.code,
  },
  // kvm_vcpu_is_be and kvm_vcpu_set_be: SCTLR_EL1.EE of AArch64, CPSR.E of AArch32.
  start: {
    el: 'caller',
    sctlr: { a64: { el1: SCTLR_RESET, el2: SCTLR_RESET }, a32: { el1: SCTLR_RESET, el2: SCTLR_RESET } },
    endianness: 'data',
  },
  // The thread sleeps in KVM_RUN.
  cpuOff: 'sleeps',
  suspend: {
    format: 'original',
    states: [],
    // kvm_psci_vcpu_suspend is kvm_vcpu_wfi, whatever the power state.
    waitUnless: 0,
    osInitiated: false,
    shallower: status.DENIED.code,
    pendingReturns: false,
    // kvm_psci_system_suspend leaves everything to the VMM.
    system: 'hands-over',
  },
  statisticsCountOff: false,
  migrate: { targetFirst: false, reports: 'affinity' },
  vendorResets: 'any',
  // A guest that runs on after SYSTEM_OFF finds this.
  afterSystemCall: status.INTERNAL_FAILURE.code,
  smcccVersion: 'yes',
};
