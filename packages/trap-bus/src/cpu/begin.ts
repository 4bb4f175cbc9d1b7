import {
  CONTEXT_HIGH,
  CONTEXT_LOW,
  ENTRY_HIGH,
  ENTRY_LOW,
  PC,
  START_DEBUG_UNMASKED,
  type StartState,
} from '@trapline/core';
import {
  HCR_RW,
  PSTATE_A,
  PSTATE_DAIF,
  PSTATE_E,
  PSTATE_F,
  PSTATE_I,
  PSTATE_NZCV,
  PSTATE_T,
  SCR_RW,
  SCTLR_EE,
} from '../rules/control-bits.js';
import { el2Enabled } from '../rules/routing.js';
import type { Levels } from './execution-state.js';
import { startMode } from './modes.js';
import type { Vcpu } from './vcpu.js';

/**
 * Loads a start state: X0 the context and the condition flags, all else zero, exceptions masked, SP of the level entered selected. An AArch32
 * entry point's bit 0 selects T32 (DEN0022F.b 6.4.3). The RW bit above the level entered follows its state, as who
 * starts a CPU sets it.
 */
export function begin(vcpu: Vcpu, levels: Levels, start: StartState): void {
  const { w } = vcpu;
  const a64 = start.state === 'a64';
  const entry = start.w[ENTRY_LOW] as number;
  const flags = start.flags & PSTATE_NZCV;
  w.fill(0);
  w[0] = start.w[CONTEXT_LOW] as number;
  if (a64) w[1] = start.w[CONTEXT_HIGH] as number;
  vcpu.setLevel(start.el);
  vcpu.sctlr = start.bigEndian ? start.sctlr | SCTLR_EE : start.sctlr & ~SCTLR_EE;
  if (a64) {
    vcpu.state = 'a64';
    const masks = PSTATE_DAIF & ~(start.flags & START_DEBUG_UNMASKED);
    vcpu.pstate = flags | masks | (start.el << 2) | (start.el === 0 ? 0 : 1);
    w[2 * PC] = entry;
    w[2 * PC + 1] = start.w[ENTRY_HIGH] as number;
  } else {
    const thumb = start.state === 't32' || (entry & 1) !== 0;
    vcpu.state = thumb ? 't32' : 'a32';
    const endian = start.bigEndian ? PSTATE_E : 0;
    vcpu.pstate = flags | PSTATE_A | PSTATE_I | PSTATE_F | endian | (thumb ? PSTATE_T : 0) | startMode(start.el);
    w[2 * PC] = thumb ? entry & ~1 : entry;
  }
  if (!vcpu.aarch32) setWidth(vcpu, levels, start.el, a64);
}

function setWidth(vcpu: Vcpu, levels: Levels, el: number, a64: boolean): void {
  if (el <= 1 && el2Enabled(levels, vcpu.secure, vcpu.scr)) {
    vcpu.hcr = a64 ? vcpu.hcr | HCR_RW : vcpu.hcr & ~HCR_RW;
  } else if (el <= 2 && levels.hasEl3) vcpu.scr = a64 ? vcpu.scr | SCR_RW : vcpu.scr & ~SCR_RW;
}
