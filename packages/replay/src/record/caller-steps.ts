import { PC } from '@trapline/core';
import type { CallStep, EntryStep, Hex, RecordedException, RegisterValues, ReturnStep } from '@trapline/recordings';
import type { CallEvent, SystemRegister, Vcpu } from '@trapline/trap-bus';
import { hex } from '../registers/hex.js';

/** General registers of a call that a trace has: X0 to X17, or R0 to R12. */
const REGISTERS_64 = 18;
const REGISTERS_32 = 13;
/** Offset in the vector table: VBAR_ELx is aligned to it. */
const VECTOR_MASK = 0x7ffn;
const VECTOR_MASK_32 = 0x1fn;
const DAIF = 0x3c0;

/** How the machine ended, in the words of the recordings. */
const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  shutdown: 'guest-shutdown',
  off2: 'guest-shutdown',
  reset: 'guest-reset',
  reset2: 'guest-reset',
};

/** A caller when it called. */
export interface CallerState {
  readonly el: number;
  /** PSTATE.DAIF, in its place. */
  readonly daif: number;
  readonly pc: bigint;
}

/** General registers in halves, as an event of the bus has them. */
export type Halves = readonly number[];

export function callerState(vcpu: Vcpu): CallerState {
  return { el: vcpu.el, daif: vcpu.pstate & DAIF, pc: vcpu.x[PC] as bigint };
}

/**
 * A call as a step. `at` is its caller when it called, where that was seen; `known` what the trace has said of that CPU.
 */
export function callStep(
  event: CallEvent,
  vcpu: Vcpu,
  at: CallerState | undefined,
  known: CallerState | undefined,
): CallStep {
  const { vcpu: cpu, conduit, immediate, a64, before, after, outcome } = event;
  const { kind } = outcome;
  return {
    op: 'call',
    cpu,
    conduit,
    imm: hex(immediate),
    width: a64 ? 64 : 32,
    ...(at !== undefined && at.el !== known?.el && { el: at.el }),
    ...(at !== undefined && at.daif !== known?.daif && { daif: hex(at.daif) }),
    in: nonZero(before, a64),
    ...(kind === 'returned' || kind === 'again' ? { out: changed(before, after, a64) } : {}),
    ...(kind === 'inject' && { out: changed(before, after, a64), exception: exceptionAt(vcpu, a64, at) }),
    ...(kind !== 'returned' &&
      kind !== 'inject' &&
      kind !== 'resume' && { returns: kind === 'wait' ? 'later' : false }),
    ...(kind === 'resume' && { resumedAtEntry: true, returns: false, state: entryState(vcpu) }),
    ...(kind === 'returned' && at !== undefined && (vcpu.pstate & DAIF) !== at.daif && { daifAfter: masksOf(vcpu) }),
    ...(kind === 'system' && {
      machine: {
        events: [{ event: outcome.event, reason: SYSTEM_REASONS[outcome.event] ?? outcome.event }],
        stillRunning: false,
      },
    }),
  };
}

/** A CPU at an entry point. */
export function entryStep(vcpu: Vcpu): EntryStep {
  return { op: 'entry', cpu: vcpu.index, entered: true, state: entryState(vcpu) };
}

/** A call that comes back: its registers before it. */
export function returnStep(vcpu: Vcpu, before: Halves, a64: boolean): ReturnStep {
  return { op: 'return', cpu: vcpu.index, out: changed(before, halvesOf(vcpu), a64) };
}

function entryState(vcpu: Vcpu): RegisterValues {
  const { x, el, mpidr } = vcpu;
  return { x0: hex(x[0] as bigint), pc: hex(x[PC] as bigint), el: hex(el), daif: masksOf(vcpu), mpidr: hex(mpidr) };
}

function masksOf({ pstate }: Vcpu): Hex {
  return hex(pstate & DAIF);
}

function exceptionAt(vcpu: Vcpu, a64: boolean, at: CallerState | undefined): RecordedException {
  const pc = vcpu.x[PC] as bigint;
  if (!a64 && vcpu.state !== 'a64') return { kind: 'undef', vector: hex(pc & VECTOR_MASK_32) };
  const read = (name: 'ESR' | 'ELR'): bigint => vcpu.read(`${name}_EL${vcpu.el}` as SystemRegister);
  return {
    kind: 'sync',
    esr: hex(read('ESR')),
    vector: hex(pc & VECTOR_MASK),
    ...(at !== undefined && { elrMinusInsn: hex(read('ELR') - at.pc) }),
  };
}

/** Registers that are not zero: a trace's fill pattern is zeros. */
function nonZero(halves: Halves, wide: boolean): RegisterValues {
  return named(halves, wide, (_, value) => value !== 0n);
}

/** Register 0, and every other that is not what it was. */
function changed(before: Halves, after: Halves, wide: boolean): RegisterValues {
  return named(after, wide, (n, value) => n === 0 || value !== registerOf(before, n, wide));
}

function named(halves: Halves, wide: boolean, has: (n: number, value: bigint) => boolean): RegisterValues {
  const entries: [string, Hex][] = [];
  for (let n = 0; n < (wide ? REGISTERS_64 : REGISTERS_32); n++) {
    const value = registerOf(halves, n, wide);
    if (has(n, value)) entries.push([`x${n}`, hex(value)]);
  }
  return Object.fromEntries(entries);
}

function registerOf(halves: Halves, n: number, wide: boolean): bigint {
  const low = BigInt((halves[2 * n] as number) >>> 0);
  return wide ? (BigInt((halves[2 * n + 1] as number) >>> 0) << 32n) | low : low;
}

function halvesOf({ w }: Vcpu): Halves {
  return Array.from(w.subarray(0, 2 * REGISTERS_64));
}
