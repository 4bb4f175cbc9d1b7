import { START_DEBUG_UNMASKED } from '@trapline/core';
import { type Profile, status } from '@trapline/psci';
import { FIRMWARE_CONVENTION } from './convention.js';

/** SCTLR_GUEST_INIT (public/arch-arm.h). */
const SCTLR_GUEST_INIT = 0x00c5_0078;
/** PSR_GUEST32_INIT has the Z flag; PSR_GUEST64_INIT leaves debug exceptions unmasked. */
const A32_FLAGS = 0x4000_0000;
const A64_FLAGS = START_DEBUG_UNMASKED;

/** Xen's PSCI (arch/arm/vpsci.c, 4.17) as data over the mechanism of the psci package. */
export const PSCI_PROFILE: Profile = {
  name: 'xen',
  version: { major: 1, minor: 1 },
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
  ],
  // PSCI_cpu_off and PSCI_cpu_on (asm/psci.h): what the tree of a guest says.
  legacyIds: { cpuOff: 1, cpuOn: 2 },
  convention: FIRMWARE_CONVENTION,
  // MPIDR_HWID_MASK.
  mpidrReserved: 'ignored',
  affinity: { maxLevel: 3, levelBits: 32, above: 'refused', missing: 'off' },
  // An odd address is for 32-bit guests; nothing else is looked at.
  entry: { a64Reserved: 1, a32Reserved: 0, within: 'anywhere', error: status.INVALID_ADDRESS.code },
  cpuOn: {
    // VPF_down is clear when CPU_ON returns.
    starting: 'on',
    refusedReplacesStart: false,
    absent: 'fails',
    pendingKeepsDomains: false,
    // vaffinity_to_vcpuid.
    target: 'number',
    // do_psci_cpu_on: 0.1 knows neither of the two codes.
    legacyAlreadyOn: status.INVALID_PARAMETERS.code,
    legacyRefusedEntry: status.INVALID_PARAMETERS.code,
    legacyZeroContext: true,
  },
  start: {
    el: 'caller',
    sctlr: {
      a64: { el1: SCTLR_GUEST_INIT, el2: SCTLR_GUEST_INIT },
      a32: { el1: SCTLR_GUEST_INIT, el2: SCTLR_GUEST_INIT },
    },
    flags: A64_FLAGS,
    a32Flags: A32_FLAGS,
    endianness: 'little',
  },
  // VPF_down is set before the vCPU is off the CPU.
  cpuOff: 'goes-at-once',
  suspend: {
    format: 'original',
    states: [],
    // vcpu_block_unless_event_pending, whatever the power state.
    waitUnless: 0,
    osInitiated: false,
    shallower: status.DENIED.code,
    pendingReturns: false,
    system: 'waits',
  },
  statisticsCountOff: false,
  migrate: { targetFirst: false, reports: 'affinity' },
  vendorResets: [],
  afterSystemCall: status.INTERNAL_FAILURE.code,
  smcccVersion: 'yes',
  features64: 'all',
};
