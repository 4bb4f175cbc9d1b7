import type { Profile } from '../profile.js';
import { Code } from '../status.js';
import { LEGACY_IDS } from './spec.js';

/** Names of the recorded version of QEMU's built-in PSCI. */
export const QEMU_PROFILE = 'qemu-7.2';

/**
 * QEMU 7.2's built-in PSCI (target/arm/psci.c and arm-powerctl.c), as recorded from machine `virt`, by HVC, by SMC and for
 * 32-bit callers. It stands outside the architecture: it answers before an exception would be taken.
 */
export function qemuProfile(): Profile {
  return {
    name: QEMU_PROFILE,
    version: { major: 1, minor: 1 },
    levels: ['outside'],
    // A switch over the numbers of 0.2 and PSCI_FEATURES; MIGRATE falls through to NOT_SUPPORTED.
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
    // The 0.1 numbers are cases of the same switch.
    legacyIds: { cpuSuspend: LEGACY_IDS.cpuSuspend, cpuOff: LEGACY_IDS.cpuOff, cpuOn: LEGACY_IDS.cpuOn },
    convention: {
      // All of X0 is compared, so SMCCC's reserved bits and the SVE hint make a number unknown.
      selectorBits: 64,
      ignoredBits: 0,
      // Arguments are taken as uint64 whatever the number says.
      narrow: 'never',
      // The immediate is not looked at.
      immediates: [[0, 0xffff]],
    },
    // A CPU is found by comparing all of the argument with its affinity.
    mpidrReserved: 'refused',
    // A level above 0 counts as on whatever the target is; the level is compared as 64 bits.
    affinity: { maxLevel: 0, levelBits: 64, above: 'on' },
    // Only an AArch64 entry point must be a multiple of 4; bit 0 of an AArch32 one means Thumb.
    entry: { a64Reserved: 3, a32Reserved: 0, within: 'anywhere', error: Code.INVALID_PARAMETERS },
    // The target is on once the asynchronous work of CPU_ON has run: before its first instruction.
    cpuOn: { starting: 'on', refusedReplacesStart: false, pendingKeepsDomains: true, absent: 'fails' },
    // Reset values of the models that were recorded: Cortex-A57 in AArch64, Cortex-A15 in AArch32; QEMU resets SCTLR_EL2 to 0.
    // TCG keeps Z as a result that is zero, and its reset clears that result: a CPU begins with Z set.
    start: {
      el: 'highest',
      sctlr: { a64: { el1: 0x00c5_0838, el2: 0 }, a32: { el1: 0x00c5_0078, el2: 0 } },
      flags: 0x4000_0000,
      // arm_set_cpu_on resets the target, whose SCTLR.EE follows its own `cfgend`.
      endianness: 'little',
    },
    suspend: {
      format: 'original',
      states: [],
      // Affinity levels are refused; power-down is taken for WFI and returns 0.
      waitUnless: 0xfffe_0000 | 0,
      osInitiated: false,
      shallower: Code.DENIED,
      pendingReturns: false,
      system: 'waits',
    },
    statisticsCountOff: false,
    migrate: { targetFirst: false, reports: 'affinity' },
    vendorResets: [],
    // No SMCCC calls at all: a guest concludes SMCCC 1.0.
    smcccVersion: 'no',
  };
}
