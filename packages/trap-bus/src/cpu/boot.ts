import { type StartState, writeRegister } from '@trapline/core';
import type { BootState } from '../machine/spec.js';
import { HCR_RW, HCR_TSC, SCR_HCE, SCR_NS, SCR_RW } from '../rules/control-bits.js';
import { begin } from './begin.js';
import type { Levels } from './execution-state.js';
import { SYS } from './system-registers.js';
import type { Vcpu } from './vcpu.js';

/** SCTLR_EL1 at reset of an ARMv8.0 core: MMU and caches off, RES1 bits set (D24.2.175). */
const RESET_SCTLR_EL1 = 0x30d0_0800;
/** SCTLR_EL2 and SCTLR_EL3 at reset (D24.2.176, D24.2.177). */
const RESET_SCTLR_ELX = 0x30c5_0830;

/**
 * Puts a vCPU to its state at reset, with the controls of the levels above set as their owners set them: EL3 lets
 * Non-secure EL2 use HVC (SCR_EL3.NS, HCE, RW), EL2 traps SMC where its services want that (HCR_EL2.TSC, RW).
 */
export function boot(vcpu: Vcpu, levels: Levels, state: BootState, secure: boolean, trapsSmc: boolean): void {
  const { system } = vcpu;
  system.fill(0n);
  system[SYS.SCTLR_EL1] = BigInt(RESET_SCTLR_EL1);
  system[SYS.SCTLR_EL2] = BigInt(RESET_SCTLR_ELX);
  system[SYS.SCTLR_EL3] = BigInt(RESET_SCTLR_ELX);
  vcpu.secure = secure;
  const start = vcpu.startState;
  Object.assign(start, createBoot(state));
  start.w.set(bootWords(state));
  vcpu.el = start.el;
  vcpu.sctlr = start.sctlr;
  vcpu.scr = levels.hasEl3 ? (secure ? 0 : SCR_NS) | SCR_RW | (levels.hasEl2 ? SCR_HCE : 0) : 0;
  vcpu.hcr = levels.hasEl2 ? HCR_RW | (trapsSmc ? HCR_TSC : 0) : 0;
  begin(vcpu, levels, start);
}

function createBoot(state: BootState): Omit<StartState, 'w'> {
  const el = state.el ?? 1;
  return {
    el,
    state: state.state ?? 'a64',
    bigEndian: state.bigEndian ?? false,
    flags: state.flags ?? 0,
    sctlr: state.sctlr ?? (el <= 1 ? RESET_SCTLR_EL1 : RESET_SCTLR_ELX),
  };
}

function bootWords(state: BootState): Uint32Array {
  const w = new Uint32Array(4);
  const registers = { w, x: new BigUint64Array(w.buffer) };
  writeRegister(registers, 0, state.entry ?? 0);
  writeRegister(registers, 1, state.context ?? 0);
  return w;
}
