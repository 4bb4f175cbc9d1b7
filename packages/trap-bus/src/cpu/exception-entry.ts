import { type ExceptionLevel, PC, SP } from '@trapline/core';
import {
  PSTATE_A,
  PSTATE_DAIF,
  PSTATE_E,
  PSTATE_F,
  PSTATE_I,
  PSTATE_NRW,
  PSTATE_NZCV,
  PSTATE_PAN,
  PSTATE_T,
  SCTLR_EE,
  SCTLR_SPAN,
  SCTLR_TE,
  SCTLR_V,
  TTBCR_EAE,
} from '../rules/control-bits.js';
import { el2Enabled } from '../rules/routing.js';
import type { TakenException } from './exception.js';
import { type Levels, usesAarch32 } from './execution-state.js';
import { linkSlot, MODE_ABT, MODE_HYP, MODE_MON, MODE_UND } from './modes.js';
import { SYS } from './system-registers.js';
import type { Vcpu } from './vcpu.js';

const SP_EL0 = SYS.SP_EL0;

/** Takes an exception as the architecture does: AArch64.TakeException(), AArch32.EnterMode(), AArch32.EnterHypMode(). */
export function enterException(vcpu: Vcpu, levels: Levels, exception: TakenException): void {
  if (exception.aarch32) {
    if (exception.target === 2) enterHyp(vcpu, exception);
    else enterMode(vcpu, exception);
  } else enterA64(vcpu, levels, exception);
}

function enterA64(vcpu: Vcpu, levels: Levels, exception: TakenException): void {
  const { target } = exception;
  const vector = BigInt(vectorOffset(vcpu, levels, exception));
  const spsr = spsrOf(vcpu);
  const back = returnAddress(vcpu, exception);
  leaveStack(vcpu);
  const bank = target - 1;
  vcpu.system[SYS.ELR_EL1 + bank] = back;
  vcpu.system[SYS.SPSR_EL1 + bank] = spsr;
  vcpu.system[SYS.ESR_EL1 + bank] = BigInt(exception.syndrome >>> 0);
  vcpu.setLevel(target);
  vcpu.state = 'a64';
  const kept = vcpu.pstate & (PSTATE_NZCV | PSTATE_PAN);
  const pan = target === 1 && (vcpu.sctlr & SCTLR_SPAN) === 0 ? PSTATE_PAN : 0;
  vcpu.pstate = kept | pan | PSTATE_DAIF | (target << 2) | 1;
  vcpu.x[SP] = vcpu.system[SP_EL0 + target] as bigint;
  vcpu.x[PC] = ((vcpu.system[SYS.VBAR_EL1 + bank] as bigint) & ~0x7ffn) + vector;
}

/**
 * Offsets in the vector table (Table D1-7): by where the exception comes from, and 0x180 for an SError. From a lower
 * level it is the execution state of the level just below the target that counts, not the caller's.
 */
function vectorOffset(vcpu: Vcpu, levels: Levels, exception: TakenException): number {
  const { target, kind } = exception;
  const base = kind === 'serror' ? 0x180 : 0;
  if (vcpu.el === target) return base + (vcpu.pstate & 1 ? 0x200 : 0);
  const skipsEl2 = target === 3 && !el2Enabled(levels, vcpu.secure, vcpu.scr);
  const below = (skipsEl2 ? 1 : target - 1) as ExceptionLevel;
  return base + (usesAarch32(vcpu, levels, below) ? 0x600 : 0x400);
}

/** Puts the stack pointer in slot 31 back to the register that PSTATE.SP says it is. */
function leaveStack(vcpu: Vcpu): void {
  if (vcpu.state !== 'a64') return;
  vcpu.system[SP_EL0 + (vcpu.pstate & 1 ? vcpu.el : 0)] = vcpu.x[SP] as bigint;
}

function spsrOf(vcpu: Vcpu): bigint {
  return BigInt(vcpu.pstate >>> 0);
}

function returnAddress(vcpu: Vcpu, exception: TakenException): bigint {
  const pc = vcpu.x[PC] as bigint;
  return vcpu.state === 'a64'
    ? pc + BigInt(exception.returnOffset)
    : (pc + BigInt(exception.returnOffset)) & 0xffff_ffffn;
}

const VECTOR = { undefined: 0x04, call: 0x08, 'prefetch-abort': 0x0c, 'data-abort': 0x10, serror: 0x10 } as const;

/** Und, Abt and Mon mode of AArch32: link register and SPSR of the mode, then its vector. */
function enterMode(vcpu: Vcpu, exception: TakenException): void {
  const { kind, target } = exception;
  const mode = kind === 'call' ? MODE_MON : kind === 'undefined' ? MODE_UND : MODE_ABT;
  const link = returnAddress(vcpu, exception);
  if (mode === MODE_MON) vcpu.system[SYS.ELR_EL3] = link;
  else vcpu.x[linkSlot(mode)] = link;
  const spsr = mode === MODE_MON ? SYS.SPSR_EL3 : mode === MODE_UND ? SYS.SPSR_und : SYS.SPSR_abt;
  vcpu.system[spsr] = spsrOf(vcpu);
  if (mode === MODE_ABT) recordAbort(vcpu, exception);
  vcpu.setLevel(target);
  const { sctlr } = vcpu;
  const masked = PSTATE_I | (mode === MODE_UND ? 0 : PSTATE_A) | (mode === MODE_MON ? PSTATE_F : 0);
  enterA32State(vcpu, mode, masked);
  const base = mode === MODE_MON ? SYS.VBAR_EL3 : SYS.VBAR_EL1;
  const high = mode !== MODE_MON && (sctlr & SCTLR_V) !== 0;
  const vectors = high ? 0xffff_0000n : (vcpu.system[base] as bigint) & 0xffff_ffe0n;
  vcpu.x[PC] = vectors + BigInt(VECTOR[kind]);
}

/** Hyp mode returns through ELR_hyp and reads its syndrome in HSR; from below EL2 all but aborts of its own are at 0x14. */
function enterHyp(vcpu: Vcpu, exception: TakenException): void {
  const { kind } = exception;
  const offset = vcpu.el < 2 ? 0x14 : VECTOR[kind];
  vcpu.system[SYS.ELR_EL2] = returnAddress(vcpu, exception);
  vcpu.system[SYS.SPSR_EL2] = spsrOf(vcpu);
  vcpu.system[SYS.ESR_EL2] = BigInt(exception.syndrome >>> 0);
  vcpu.setLevel(2);
  enterA32State(vcpu, MODE_HYP, PSTATE_A | PSTATE_I | PSTATE_F);
  vcpu.x[PC] = ((vcpu.system[SYS.VBAR_EL2] as bigint) & 0xffff_ffe0n) + BigInt(offset);
}

/** PSTATE of an AArch32 handler: T and E from SCTLR, IT and J clear, other flags as they were. */
function enterA32State(vcpu: Vcpu, mode: number, masked: number): void {
  const thumb = (vcpu.sctlr & SCTLR_TE) !== 0;
  const kept = vcpu.pstate & (PSTATE_NZCV | PSTATE_PAN | PSTATE_A | PSTATE_I | PSTATE_F);
  const endian = (vcpu.sctlr & SCTLR_EE) !== 0 ? PSTATE_E : 0;
  vcpu.pstate = kept | masked | endian | (thumb ? PSTATE_T : 0) | PSTATE_NRW | (mode & 0xf);
  vcpu.state = thumb ? 't32' : 'a32';
}

/** DFSR or IFSR: a synchronous external abort, 0x08 in the short descriptor format and 0x10 in the long (G8.2.35). */
function recordAbort(vcpu: Vcpu, exception: TakenException): void {
  const long = (Number(BigInt.asIntN(32, vcpu.system[SYS.TCR_EL1] as bigint)) & TTBCR_EAE) !== 0;
  const asynchronous = exception.kind === 'serror';
  const status = long ? 0x200 | (asynchronous ? 0x11 : 0x10) : asynchronous ? 0x406 : 0x08;
  vcpu.system[exception.kind === 'prefetch-abort' ? SYS.IFSR32_EL2 : SYS.ESR_EL1] = BigInt(status);
}
