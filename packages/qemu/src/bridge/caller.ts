import { type Outcome, PC, type Pe, RETURNED } from '@trapline/core';
import { conditionHolds, DACR, decodeSyndrome, type Machine, TCR, TTBR0, TTBR1, type Vcpu } from '@trapline/trap-bus';
import type { TranslationTarget } from '../guest/memory.js';
import type { Frame } from '../monitor/frame.js';
import { Event, Field } from '../monitor/layout.js';

const NRW = 0x10;
const T32 = 0x20;
/** Mode bits of AArch32's User and Hyp modes. */
const MODE_USER = 0x10;
const MODE_HYP = 0x1a;
/** Bytes of HVC and SMC in every instruction set. */
const CALL_BYTES = 4n;

/** Makes a vCPU show the caller as its frame has it: level, state, PSTATE, SCTLR. */
export function showCaller(vcpu: Vcpu, frame: Frame): void {
  const { pstate } = frame;
  vcpu.pstate = pstate;
  if ((pstate & NRW) === 0) {
    vcpu.state = 'a64';
    vcpu.el = ((pstate >>> 2) & 3) as 0 | 1 | 2;
  } else {
    const mode = pstate & 0x1f;
    vcpu.state = (pstate & T32) === 0 ? 'a32' : 't32';
    vcpu.el = mode === MODE_USER ? 0 : mode === MODE_HYP ? 2 : 1;
  }
  vcpu.sctlr = frame.low(vcpu.el === 2 ? Field.sctlrEl2 : Field.sctlrEl1);
}

/** How the caller's pointers translate. */
export function regimeOf(pe: Pe, frame: Frame, into: TranslationTarget): void {
  const { x } = into.registers;
  const atEl2 = pe.el === 2;
  into.state = pe.state === 'a64' ? 'a64' : 'a32';
  into.ranges = atEl2 ? 1 : 2;
  into.privileged = pe.el !== 0;
  into.sctlr = pe.sctlr;
  x[TTBR0] = frame.get(atEl2 ? Field.ttbr0El2 : Field.ttbr0El1);
  x[TTBR1] = frame.get(Field.ttbr1El1);
  x[TCR] = frame.get(atEl2 ? Field.tcrEl2 : Field.tcrEl1);
  x[DACR] = frame.get(Field.dacr);
}

/**
 * Carries the call that a frame holds over the bus; undefined where the exception is no call. PC goes to the instruction
 * first: HVC, and an SMC that EL3 took, return behind theirs, an SMC that EL2 trapped returns to it.
 */
export function carryCall(machine: Machine, vcpu: Vcpu, frame: Frame): Outcome | undefined {
  const call = decodeSyndrome(frame.low(Field.esr));
  if (call === undefined) return undefined;
  const atInstruction = call.conduit !== 'hvc' && frame.event >= Event.el2;
  const { x } = vcpu;
  if (call.condition !== undefined && !conditionHolds(call.condition, vcpu.pstate)) {
    if (atInstruction) x[PC] = (x[PC] as bigint) + CALL_BYTES;
    return RETURNED;
  }
  if (!atInstruction) x[PC] = BigInt.asUintN(64, (x[PC] as bigint) - CALL_BYTES);
  return machine.trap(vcpu, call.conduit, call.immediate);
}
