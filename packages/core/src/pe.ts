import type { Registers } from './registers.js';

/** An exception level. In AArch32 state: USR is 0, SVC and the other PL1 modes 1 (3 when secure without AArch64 EL3), HYP 2. */
export type ExceptionLevel = 0 | 1 | 2 | 3;

/** The instruction set a PE executes. */
export type ExecutionState = 'a64' | 'a32' | 't32';

/**
 * One processing element as the services and the bus see it: the port behind which an embedder puts its own CPU.
 *
 * Registers are real state: what a service writes the guest reads. The small fields are kept current by whoever owns
 * the CPU; the bus reads them at each trap. While a call is in hand PC holds the address of its instruction.
 */
export interface Pe extends Registers {
  /** Number of the CPU in its guest, from 0. */
  readonly index: number;
  /** MPIDR_EL1 as the guest reads it. */
  readonly mpidr: bigint;
  /** Aff3.Aff2.Aff1.Aff0 of `mpidr` packed into an int32: the key by which services find CPUs. */
  readonly affinity: number;
  el: ExceptionLevel;
  state: ExecutionState;
  secure: boolean;
  /** PSTATE in the layout of SPSR_ELx (DDI 0487, C5.2.18). */
  pstate: number;
  /** Low half of HCR_EL2. */
  hcr: number;
  /** Low half of SCR_EL3. */
  scr: number;
  /** Low half of SCTLR of the current exception level. */
  sctlr: number;
  /**
   * Goes to a level, execution state and PSTATE as an exception return does: what is banked by level (SP, SCTLR)
   * follows. A PE without it has the three fields set.
   */
  switchTo?(el: ExceptionLevel, state: ExecutionState, pstate: number): void;
  /** Sets where the next exception return from a level goes, and its PSTATE: ELR_ELx and SPSR_ELx. */
  setReturn?(el: ExceptionLevel, low: number, high: number, pstate: number): void;
}

/** The affinity fields of an MPIDR packed into an int32 (Aff3 to bits 31:24). */
export function affinityOf(mpidr: bigint): number {
  return Number(BigInt.asIntN(32, ((mpidr >> 8n) & 0xff00_0000n) | (mpidr & 0xff_ffffn)));
}

/**
 * How a CPU begins or resumes: its own record, one per CPU, filled by a service before {@link PowerPort.start}.
 *
 * `w` holds entry (low, high) and context (low, high). Everything else a CPU is reset to is in the named fields.
 */
export interface StartState {
  readonly w: Uint32Array;
  el: ExceptionLevel;
  state: ExecutionState;
  bigEndian: boolean;
  /**
   * PSTATE.{N,Z,C,V} in bits 31:28, zero where the implementation says nothing, and {@link START_DEBUG_UNMASKED}.
   */
  flags: number;
  /** Low half of SCTLR of the exception level entered. */
  sctlr: number;
}

/** Indices in {@link StartState.w}. */
export const ENTRY_LOW = 0;
export const ENTRY_HIGH = 1;
export const CONTEXT_LOW = 2;
export const CONTEXT_HIGH = 3;

/** In {@link StartState.flags}: an AArch64 CPU begins with PSTATE.D clear, where it is usually set with A, I and F. */
export const START_DEBUG_UNMASKED: number = 1 << 9;

/** A start state of zeros: AArch64 EL1, little-endian. */
export function createStartState(): StartState {
  return { w: new Uint32Array(4), el: 1, state: 'a64', bigEndian: false, flags: 0, sctlr: 0 };
}
