/** PSCI versions as KVM_REG_ARM_PSCI_VERSION holds them. */
export const PSCI_0_1 = 0x1;
export const PSCI_0_2 = 0x2;
export const PSCI_1_0 = 0x1_0000;
export const PSCI_1_1 = 0x1_0001;
export const PSCI_1_2 = 0x1_0002;
export const PSCI_1_3 = 0x1_0003;

/** In what kernels' KVMs differ, as data over one mechanism. */
export interface KvmProfile {
  readonly name: string;
  /** Versions that KVM_REG_ARM_PSCI_VERSION takes from a vCPU with the PSCI_0_2 feature; the last is the default. */
  readonly psciVersions: readonly number[];
  /**
   * What an SMC of the guest comes to: NOT_SUPPORTED in X0 alone (handle_smc before 6.4), or the same dispatcher as
   * HVC where its immediate is 0.
   */
  readonly smc: 'refused' | 'dispatched';
  /** Whether all vCPUs of a VM have the features of the first (since 6.4), or each its own. */
  readonly vcpuFeatures: 'of-vm' | 'of-vcpu';
  /** KVM_ARM_VM_SMCCC_FILTER (since 6.4). */
  readonly smcccFilter: boolean;
  /** Bits that the firmware bitmaps support; they are all set at first. The vendor's is the feature bitmap, too. */
  readonly bitmaps: {
    readonly std: bigint;
    readonly stdHyp: bigint;
    readonly vendorHyp: bigint;
    /** KVM_REG_ARM_VENDOR_HYP_BMAP_2 (since 6.15): bits of functions from 64 on; none of them set at first. */
    readonly vendorHyp2?: bigint;
  };
  /** What KVM_CHECK_EXTENSION says, by name; every other capability is 0. */
  readonly capabilities: Readonly<Record<string, number>>;
}

const CAPABILITIES: Readonly<Record<string, number>> = {
  KVM_CAP_MP_STATE: 1,
  KVM_CAP_MAX_VCPUS: 512,
  KVM_CAP_MAX_VCPU_ID: 512,
  KVM_CAP_ARM_PSCI: 1,
  KVM_CAP_DEVICE_CTRL: 1,
  KVM_CAP_ARM_PSCI_0_2: 1,
  KVM_CAP_ARM_EL1_32BIT: 1,
  KVM_CAP_VM_ATTRIBUTES: 0,
  KVM_CAP_ARM_USER_IRQ: 1,
  KVM_CAP_ARM_VM_IPA_SIZE: 48,
  KVM_CAP_STEAL_TIME: 1,
  KVM_CAP_PTP_KVM: 1,
  KVM_CAP_EXIT_HYPERCALL: 0,
  KVM_CAP_ARM_SYSTEM_SUSPEND: 1,
  KVM_CAP_SYSTEM_EVENT_DATA: 1,
};

const LINUX_6_1: KvmProfile = {
  name: 'linux-6.1',
  psciVersions: [PSCI_0_2, PSCI_1_0, PSCI_1_1],
  smc: 'refused',
  vcpuFeatures: 'of-vcpu',
  smcccFilter: false,
  bitmaps: { std: 0x1n, stdHyp: 0x1n, vendorHyp: 0x3n },
  capabilities: CAPABILITIES,
};

/** The profiles of this package: two kernels as recorded, and what the kernel's API documentation knows today. */
export const PROFILES = {
  'linux-6.1': LINUX_6_1,
  'linux-6.12': {
    ...LINUX_6_1,
    name: 'linux-6.12',
    smc: 'dispatched',
    vcpuFeatures: 'of-vm',
    smcccFilter: true,
    capabilities: { ...CAPABILITIES, KVM_CAP_ARM_VM_IPA_SIZE: 52 },
  },
  /** PSCI 1.2 and 1.3 (6.14) and the second vendor bitmap (6.15) besides. */
  spec: {
    ...LINUX_6_1,
    name: 'spec',
    psciVersions: [PSCI_0_2, PSCI_1_0, PSCI_1_1, PSCI_1_2, PSCI_1_3],
    smc: 'dispatched',
    vcpuFeatures: 'of-vm',
    smcccFilter: true,
    bitmaps: { ...LINUX_6_1.bitmaps, vendorHyp2: 0x3n },
  },
} as const satisfies Readonly<Record<string, KvmProfile>>;

/** The names of {@link PROFILES}. */
export type KvmProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES: readonly KvmProfileName[] = Object.keys(PROFILES) as KvmProfileName[];
