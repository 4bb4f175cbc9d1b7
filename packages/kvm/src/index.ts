import { vendorAbi } from './abi/vendor.js';
import { driver } from './guest/driver.js';
import { hypervisor } from './hypervisor.js';

/** KVM on both sides: `kvm.hypervisor(…)` answers, `kvm.driver` calls, `kvm.abi` describes KVM's own calls. */
export const kvm: {
  readonly abi: typeof vendorAbi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi: vendorAbi, driver, hypervisor };

export {
  KVM_FUNCTIONS,
  KVM_UID,
  PTP_PHYSICAL_COUNTER,
  PTP_VIRTUAL_COUNTER,
  vendorAbi as abi,
} from './abi/vendor.js';
export { type CpuImplementation, MAX_IMPLEMENTATIONS } from './calls/implementations.js';
export {
  MAX_TRACKED_GRANULES,
  type PageState,
  ProtectedMemory,
  type ProtectedOptions,
} from './calls/protected.js';
export { NO_IPA } from './calls/pv-time.js';
export { type CrossTimestamp, driver, type Kvm, type KvmCapabilities } from './guest/driver.js';
export { HOST_CPUS, type HostCpu, hostCpuOf, type Vulnerability } from './host/host-cpu.js';
export { hostCpuOfLevels } from './host/workarounds.js';
export { type HypervisorOptions, hypervisor } from './hypervisor.js';
export {
  type KvmProfile,
  type KvmProfileName,
  PROFILE_NAMES,
  PROFILES,
  PSCI_0_1,
  PSCI_0_2,
  PSCI_1_0,
  PSCI_1_1,
  PSCI_1_2,
  PSCI_1_3,
} from './profile.js';
export type { Errno } from './vmm/errno.js';
export {
  exitOf,
  type HypercallExit,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_SYSTEM_EVENT,
  KVM_SYSTEM_EVENT_CRASH,
  KVM_SYSTEM_EVENT_RESET,
  KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2,
  KVM_SYSTEM_EVENT_SHUTDOWN,
  KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2,
  KVM_SYSTEM_EVENT_SUSPEND,
  KVM_SYSTEM_EVENT_WAKEUP,
  type SystemEventExit,
  type VcpuExit,
} from './vmm/exits.js';
export {
  CORE_PC,
  CORE_PSTATE,
  CORE_SP,
  CORE_X0,
  KVM_REG_ARM_PSCI_VERSION,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3,
  KVM_REG_ARM_STD_BMAP,
  KVM_REG_ARM_STD_HYP_BMAP,
  KVM_REG_ARM_VENDOR_HYP_BMAP,
  KVM_REG_ARM_VENDOR_HYP_BMAP_2,
  SYSREG_MPIDR_EL1,
} from './vmm/register-ids.js';
export type { ReadResult, RunResult, VmHost } from './vmm/run.js';
export {
  FILTER_DENY,
  FILTER_FWD_TO_USER,
  FILTER_HANDLE,
  type FilterRange,
  MAX_FILTER_RANGES,
} from './vmm/smccc-filter.js';
export { Vcpu } from './vmm/vcpu.js';
export {
  KVM_ARM_VCPU_EL1_32BIT,
  KVM_ARM_VCPU_POWER_OFF,
  KVM_ARM_VCPU_PSCI_0_2,
  KVM_ARM_VCPU_PVTIME_CTRL,
  KVM_ARM_VCPU_PVTIME_IPA,
  KVM_MP_STATE_RUNNABLE,
  KVM_MP_STATE_STOPPED,
  KVM_MP_STATE_SUSPENDED,
} from './vmm/vcpu-constants.js';
export { createVcpuResult, MAX_VCPU_ID, mpidrOfVcpu } from './vmm/vcpu-id.js';
export {
  KVM_ARM_VM_SMCCC_CTRL,
  KVM_ARM_VM_SMCCC_FILTER,
  type SmcccFilterRange,
  Vm,
} from './vmm/vm.js';
