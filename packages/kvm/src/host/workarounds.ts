import { smcccStatus } from '@trapline/smccc';
import type { HostCpu, Vulnerability } from './host-cpu.js';

/**
 * What follows for a guest from the host's CPUs: the answers of ARCH_FEATURES (kvm_smccc_call_handler) and the levels of
 * the firmware registers (get_kernel_wa_level).
 */

/** WORKAROUND_1 and _3 are there and not needed on this CPU (DEN0028, 7.5). */
const UNAFFECTED_HERE = 1;
const NOT_SUPPORTED = smcccStatus.NOT_SUPPORTED.code;
const NOT_REQUIRED = smcccStatus.NOT_REQUIRED.code;

/** KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_* and _3_*. */
export const LEVEL_NOT_AVAIL = 0;
const LEVEL_AVAIL = 1;
const LEVEL_NOT_REQUIRED = 2;
/** KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_*: another scale. */
export const LEVEL2_UNKNOWN = 1;
export const LEVEL2_AVAIL = 2;
export const LEVEL2_NOT_REQUIRED = 3;
export const LEVEL2_ENABLED: number = 1 << 4;

/** What one workaround comes to: the answer of ARCH_FEATURES, and the register's level. */
export interface WorkaroundState {
  readonly feature: number;
  readonly level: number;
}

/** WORKAROUND_1, _2 and _3 of a guest on this host. */
export function workaroundsOf(host: HostCpu): readonly [WorkaroundState, WorkaroundState, WorkaroundState] {
  return [branchTarget(host.spectreV2), storeBypass(host), branchTarget(host.spectreBhb)];
}

function branchTarget(state: Vulnerability): WorkaroundState {
  switch (state) {
    case 'unaffected':
      return { feature: UNAFFECTED_HERE, level: LEVEL_NOT_REQUIRED };
    case 'mitigated':
      return { feature: smcccStatus.SUCCESS.code, level: LEVEL_AVAIL };
    default:
      return { feature: NOT_SUPPORTED, level: LEVEL_NOT_AVAIL };
  }
}

/** Where all CPUs have SSBS the guest is told of no firmware: it uses SSBS, and the default is safe. */
function storeBypass({ spectreV4, ssbs }: HostCpu): WorkaroundState {
  const hidden = spectreV4 === 'vulnerable' || (spectreV4 === 'mitigated' && ssbs);
  return hidden
    ? { feature: NOT_SUPPORTED, level: LEVEL_NOT_AVAIL }
    : { feature: NOT_REQUIRED, level: LEVEL2_NOT_REQUIRED };
}

/**
 * A host whose firmware registers hold these levels when a VM is made: what a VMM can tell of a host that it only has
 * the registers of.
 */
export function hostCpuOfLevels(levels: readonly [number, number, number]): HostCpu {
  const [first, second, third] = levels;
  const spectreV4 = second === LEVEL2_NOT_REQUIRED ? 'unaffected' : 'vulnerable';
  return { spectreV2: stateOf(first), spectreV4, ssbs: false, spectreBhb: stateOf(third) };
}

function stateOf(level: number): Vulnerability {
  if (level === LEVEL_NOT_REQUIRED) return 'unaffected';
  return level === LEVEL_AVAIL ? 'mitigated' : 'vulnerable';
}
