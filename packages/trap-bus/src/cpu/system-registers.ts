/**
 * System registers that a vCPU has because the bus reads or writes them: exception entry, routing, translation and
 * timers, each with its slot in the register file. Names are DDI 0487's; AArch32's are the AArch64 registers that
 * they map to (D1.20.1): VBAR is VBAR_EL1, HSR is ESR_EL2, SPSR_svc is SPSR_EL1, DFSR is ESR_EL1, DFAR and IFAR are
 * the halves of FAR_EL1.
 */
const SLOTS = {
  SP_EL0: 0,
  SP_EL1: 1,
  SP_EL2: 2,
  SP_EL3: 3,
  ELR_EL1: 4,
  ELR_EL2: 5,
  ELR_EL3: 6,
  SPSR_EL1: 7,
  SPSR_EL2: 8,
  SPSR_EL3: 9,
  SPSR_abt: 10,
  SPSR_und: 11,
  SPSR_irq: 12,
  SPSR_fiq: 13,
  ESR_EL1: 14,
  ESR_EL2: 15,
  ESR_EL3: 16,
  IFSR32_EL2: 17,
  FAR_EL1: 18,
  FAR_EL2: 19,
  FAR_EL3: 20,
  HPFAR_EL2: 21,
  VBAR_EL1: 22,
  VBAR_EL2: 23,
  VBAR_EL3: 24,
  SCTLR_EL1: 25,
  SCTLR_EL2: 26,
  SCTLR_EL3: 27,
  HCR_EL2: 28,
  SCR_EL3: 29,
  TTBR0_EL1: 30,
  TTBR1_EL1: 31,
  TCR_EL1: 32,
  MAIR_EL1: 33,
  TTBR0_EL2: 34,
  TTBR1_EL2: 35,
  TCR_EL2: 36,
  MAIR_EL2: 37,
  TTBR0_EL3: 38,
  TCR_EL3: 39,
  MAIR_EL3: 40,
  DACR32_EL2: 41,
  CONTEXTIDR_EL1: 42,
  TPIDR_EL0: 43,
  TPIDRRO_EL0: 44,
  TPIDR_EL1: 45,
  TPIDR_EL2: 46,
  TPIDR_EL3: 47,
  CPACR_EL1: 48,
  CNTKCTL_EL1: 49,
  CNTHCTL_EL2: 50,
  CNTVOFF_EL2: 51,
  CNTP_CTL_EL0: 52,
  CNTP_CVAL_EL0: 53,
  CNTV_CTL_EL0: 54,
  CNTV_CVAL_EL0: 55,
  CNTHP_CTL_EL2: 56,
  CNTHP_CVAL_EL2: 57,
  CNTPS_CTL_EL1: 58,
  CNTPS_CVAL_EL1: 59,
} as const;

/** The name of a system register that a vCPU holds. */
export type SystemRegister = keyof typeof SLOTS;

/** Slots of the system registers in {@link Vcpu.system}. */
export const SYS: Readonly<Record<SystemRegister, number>> = SLOTS;

/** All names, in the order of their slots. */
export const SYSTEM_REGISTERS: readonly SystemRegister[] = Object.freeze(Object.keys(SLOTS) as SystemRegister[]);
