import type { ConduitKind, ExecutionState } from '@trapline/core';

/** Exception classes, ESR_ELx.EC (D24.2.37). */
const EC_UNKNOWN = 0x00;
const EC_HVC_A32 = 0x12;
const EC_SMC_A32 = 0x13;
const EC_HVC_A64 = 0x16;
const EC_SMC_A64 = 0x17;
const EC_SYSTEM_REGISTER = 0x18;
export const EC_INSTRUCTION_ABORT = 0x20;
export const EC_DATA_ABORT = 0x24;
export const EC_SERROR = 0x2f;

/** ESR_ELx.IL: the instruction was 32 bits long; always set for EC 0 and for aborts without a valid syndrome. */
export const ESR_IL: number = 1 << 25;
/** ISS of EC 0x13: CV, the condition field is valid. */
const CV = 1 << 24;
/** ISS of EC 0x13: CCKNOWNPASS, the instruction is known to have passed its condition. */
const CC_KNOWN_PASS = 1 << 19;
const COND_AL = 0xe << 20;

/**
 * ESR_ELx (HSR for an AArch32 EL2) of an HVC or SMC that is taken to a higher level.
 *
 * EC 0x13 has no immediate: where the SMC was trapped it has the condition fields, where it went to EL3 by itself its
 * ISS is RES0 (D24.2.37, ISS encoding for an exception from SMC instruction execution in AArch32 state).
 */
export function callSyndrome(
  conduit: 'hvc' | 'smc',
  state: ExecutionState,
  immediate: number,
  trapped: boolean,
): number {
  if (state === 'a64') return ((conduit === 'hvc' ? EC_HVC_A64 : EC_SMC_A64) << 26) | ESR_IL | (immediate & 0xffff);
  if (conduit === 'hvc') return (EC_HVC_A32 << 26) | ESR_IL | (immediate & 0xffff);
  return (EC_SMC_A32 << 26) | ESR_IL | (trapped ? CV | COND_AL : 0);
}

/** ESR_ELx of an undefined instruction: no more is said than that. */
export const UNDEFINED_SYNDROME: number = (EC_UNKNOWN << 26) | ESR_IL;

/** A call, as the syndrome of the exception that it took tells it. */
export interface TrappedCall {
  readonly conduit: ConduitKind;
  /** The instruction's immediate; for a trapped MRS or MSR the register's encoding (op0 15:14, op1, CRn, CRm, op2). */
  readonly immediate: number;
  /** The condition under which an AArch32 SMC was trapped and which is not known to have passed: it may be no call. */
  readonly condition: number | undefined;
}

/** Reads a syndrome back; undefined where the exception is no call (an abort, an interrupt's leftovers). */
export function decodeSyndrome(esr: number): TrappedCall | undefined {
  switch (esr >>> 26) {
    case EC_HVC_A32:
    case EC_HVC_A64:
      return { conduit: 'hvc', immediate: esr & 0xffff, condition: undefined };
    case EC_SMC_A64:
      return { conduit: 'smc', immediate: esr & 0xffff, condition: undefined };
    case EC_SMC_A32: {
      const unknown = (esr & CV) !== 0 && (esr & CC_KNOWN_PASS) === 0;
      return { conduit: 'smc', immediate: 0, condition: unknown ? (esr >>> 20) & 0xf : undefined };
    }
    case EC_SYSTEM_REGISTER:
      return { conduit: esr & 1 ? 'mrs' : 'msr', immediate: registerOf(esr), condition: undefined };
    default:
      return undefined;
  }
}

/** The register's encoding as MRS and MSR have it, from ISS of EC 0x18: Op0 21:20, Op2 19:17, Op1 16:14, CRn 13:10, CRm 4:1. */
function registerOf(esr: number): number {
  const op0 = (esr >>> 20) & 3;
  const op2 = (esr >>> 17) & 7;
  const op1 = (esr >>> 14) & 7;
  const crn = (esr >>> 10) & 0xf;
  const crm = (esr >>> 1) & 0xf;
  return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}

/** Whether a condition holds for PSTATE.{N,Z,C,V} (ConditionHolds(), F1.3). */
export function conditionHolds(condition: number, pstate: number): boolean {
  const n = pstate < 0;
  const z = (pstate & (1 << 30)) !== 0;
  const c = (pstate & (1 << 29)) !== 0;
  const v = (pstate & (1 << 28)) !== 0;
  const base = [z, c, n, v, c && !z, n === v, n === v && !z, true][condition >>> 1] as boolean;
  return (condition & 1) !== 0 && condition !== 0xf ? !base : base;
}
