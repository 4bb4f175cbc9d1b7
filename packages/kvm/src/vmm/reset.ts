import { CONTEXT_HIGH, CONTEXT_LOW, ENTRY_HIGH, ENTRY_LOW, PC, type Pe, type StartState } from '@trapline/core';

/** AArch64: EL1h, DAIF masked. AArch32: SVC, A, I and F masked. */
const PSTATE_EL1H = 0x3c5;
const PSTATE_SVC = 0x1d3;
const PSTATE_E = 1 << 9;
const PSTATE_T = 1 << 5;

/** Writes the start state that a vCPU has after KVM_ARM_VCPU_INIT. */
export function initialStart(start: StartState, aarch32: boolean, sctlr: number): void {
  start.w.fill(0);
  start.el = 1;
  start.state = aarch32 ? 'a32' : 'a64';
  start.bigEndian = false;
  start.flags = 0;
  start.sctlr = sctlr;
}

/** kvm_reset_vcpu on a vCPU that is not inside a call: its registers become those of its start state. */
export function resetInPlace(pe: Pe, start: StartState): void {
  const a64 = start.state === 'a64';
  const thumb = start.state === 't32';
  const endian = start.bigEndian && !a64 ? PSTATE_E : 0;
  const pstate = a64 ? PSTATE_EL1H : PSTATE_SVC | endian | (thumb ? PSTATE_T : 0);
  if (pe.switchTo) pe.switchTo(1, start.state, pstate);
  else {
    pe.el = 1;
    pe.state = start.state;
    pe.pstate = pstate;
  }
  pe.w.fill(0);
  pe.sctlr = start.sctlr;
  pe.w[0] = start.w[CONTEXT_LOW] as number;
  pe.w[1] = a64 ? (start.w[CONTEXT_HIGH] as number) : 0;
  pe.w[2 * PC] = start.w[ENTRY_LOW] as number;
  pe.w[2 * PC + 1] = a64 ? (start.w[ENTRY_HIGH] as number) : 0;
}
