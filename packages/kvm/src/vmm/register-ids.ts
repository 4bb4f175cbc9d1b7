/** Register ids of KVM_GET_ONE_REG and KVM_SET_ONE_REG (Linux, Documentation/virt/kvm/api.rst). */

/** KVM_REG_ARM64 | KVM_REG_SIZE_U64. */
const ARM64_U64 = 0x6030_0000_0000_0000n;

/** KVM_REG_ARM_CORE: X0, and every second id from it up to X30. */
export const CORE_X0: bigint = ARM64_U64 | 0x10_0000n;
/** KVM_REG_ARM_CORE: SP_EL0, PC and PSTATE. */
export const CORE_SP: bigint = CORE_X0 + 0x3en;
export const CORE_PC: bigint = CORE_X0 + 0x40n;
export const CORE_PSTATE: bigint = CORE_X0 + 0x42n;
/** MPIDR_EL1 as a system register: 3, 0, 0, 0, 5. */
export const SYSREG_MPIDR_EL1: bigint = ARM64_U64 | 0x13_c005n;
/** KVM_REG_ARM_FW_REG(0): the PSCI version, then the workarounds. */
export const FW_REGISTER_BASE: bigint = ARM64_U64 | 0x14_0000n;
/** KVM_REG_ARM_FW_FEAT_BMAP_REG(0): STD, STD_HYP, VENDOR_HYP, VENDOR_HYP_2. */
export const FW_BITMAP_BASE: bigint = ARM64_U64 | 0x16_0000n;

/** Firmware registers under the kernel's names. */
export const KVM_REG_ARM_PSCI_VERSION: bigint = FW_REGISTER_BASE + 0n;
export const KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1: bigint = FW_REGISTER_BASE + 1n;
export const KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2: bigint = FW_REGISTER_BASE + 2n;
export const KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3: bigint = FW_REGISTER_BASE + 3n;
export const KVM_REG_ARM_STD_BMAP: bigint = FW_BITMAP_BASE + 0n;
export const KVM_REG_ARM_STD_HYP_BMAP: bigint = FW_BITMAP_BASE + 1n;
export const KVM_REG_ARM_VENDOR_HYP_BMAP: bigint = FW_BITMAP_BASE + 2n;
export const KVM_REG_ARM_VENDOR_HYP_BMAP_2: bigint = FW_BITMAP_BASE + 3n;
