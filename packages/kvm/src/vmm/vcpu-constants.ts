/** KVM_GET_MP_STATE and KVM_SET_MP_STATE. */
export const KVM_MP_STATE_RUNNABLE = 0;
export const KVM_MP_STATE_STOPPED = 5;
export const KVM_MP_STATE_SUSPENDED = 10;

/** Features of KVM_ARM_VCPU_INIT that change what is modelled here. */
export const KVM_ARM_VCPU_POWER_OFF = 'KVM_ARM_VCPU_POWER_OFF';
export const KVM_ARM_VCPU_EL1_32BIT = 'KVM_ARM_VCPU_EL1_32BIT';
export const KVM_ARM_VCPU_PSCI_0_2 = 'KVM_ARM_VCPU_PSCI_0_2';

/** KVM_ARM_VCPU_PVTIME_CTRL and its one attribute. */
export const KVM_ARM_VCPU_PVTIME_CTRL = 2;
export const KVM_ARM_VCPU_PVTIME_IPA = 0;
