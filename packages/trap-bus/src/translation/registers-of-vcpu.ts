import { SYS } from '../cpu/system-registers.js';
import type { Vcpu } from '../cpu/vcpu.js';
import { DACR, TCR, type TranslationRegisters, TTBR0, TTBR1 } from './registers.js';

/**
 * Fills in the translation registers in force at a vCPU's exception level. AArch32's PL1 has EL1's, also where it is
 * EL3 (D1.20.1); HTTBR and HTCR are EL2's.
 */
export function loadTranslationRegisters(vcpu: Vcpu, into: TranslationRegisters): void {
  const { system, el } = vcpu;
  const { x } = into;
  if (el === 2) {
    x[TTBR0] = system[SYS.TTBR0_EL2] as bigint;
    x[TCR] = system[SYS.TCR_EL2] as bigint;
    return;
  }
  if (el === 3 && vcpu.state === 'a64') {
    x[TTBR0] = system[SYS.TTBR0_EL3] as bigint;
    x[TCR] = system[SYS.TCR_EL3] as bigint;
    return;
  }
  x[TTBR0] = system[SYS.TTBR0_EL1] as bigint;
  x[TTBR1] = system[SYS.TTBR1_EL1] as bigint;
  x[TCR] = system[SYS.TCR_EL1] as bigint;
  x[DACR] = system[SYS.DACR32_EL2] as bigint;
}
