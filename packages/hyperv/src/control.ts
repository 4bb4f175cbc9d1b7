import { hex64, type Status, type UnknownStatus, type ValueType, writeRegister } from '@trapline/core';
import { type HyperVStatusName, status } from './status.js';

/** Call codes: bits 15:0 of the control word (openvmm, hvdef). */
export const CallCode = {
  GET_VP_REGISTERS: 0x50,
  SET_VP_REGISTERS: 0x51,
  POST_MESSAGE: 0x5c,
  SIGNAL_EVENT: 0x5d,
} as const;

const FAST = 1 << 16;
/** RsvdZ bits of either half (TLFS, Hypercall Inputs): bits 30:27; bits 47:44 and 63:60. */
const RESERVED_LOW = 0x7800_0000;
const RESERVED_HIGH = 0xf000_f000;

/** A hypercall's control word in parts. */
export interface Control {
  readonly code: number;
  /** Whether parameters are in registers. */
  readonly fast: boolean;
  /** Quadwords of a variable header. */
  readonly variableHeader: number;
  readonly repCount: number;
  readonly repStart: number;
  /** Whether a reserved bit is set. */
  readonly reserved: boolean;
}

/** Reads a control word (TLFS, Hypercall Inputs; openvmm, hvdef, `Control`). */
export function controlOf(low: number, high: number): Control {
  return {
    code: low & 0xffff,
    fast: (low & FAST) !== 0,
    variableHeader: (low >>> 17) & 0x3ff,
    repCount: high & 0xfff,
    repStart: (high >>> 16) & 0xfff,
    reserved: (low & RESERVED_LOW) !== 0 || (high & RESERVED_HIGH) !== 0,
  };
}

/** Writes a control word; what is absent is 0. */
export function controlWord(control: Partial<Omit<Control, 'reserved'>> & Pick<Control, 'code'>): bigint {
  const { code, fast = false, variableHeader = 0, repCount = 0, repStart = 0 } = control;
  const low = (code & 0xffff) | (fast ? FAST : 0) | ((variableHeader & 0x3ff) << 17);
  return BigInt(low >>> 0) | (BigInt(repCount & 0xfff) << 32n) | (BigInt(repStart & 0xfff) << 48n);
}

const NAMES = new Map<number, string>(Object.entries(CallCode).map(([name, code]) => [code, name]));

function controlWords(low: number, high: number): string {
  const { code, fast, repCount, repStart } = controlOf(low, high);
  const parts = [NAMES.get(code) ?? `call 0x${code.toString(16)}`];
  if (fast) parts.push('fast');
  if (repCount !== 0) parts.push(`${repCount} rep${repCount === 1 ? '' : 's'}`);
  if (repStart !== 0) parts.push(`from ${repStart}`);
  return parts.join(', ');
}

/** The control word as an argument. */
export const controlType: ValueType<number | bigint, bigint> = {
  name: 'control',
  bits: 64,
  write: writeRegister,
  read: (registers, slot) => registers.x[slot] as bigint,
  show: controlWords,
  edges: [
    ...Object.values(CallCode).flatMap((code) => [
      controlWord({ code }),
      controlWord({ code, fast: true }),
      controlWord({ code, fast: true, repCount: 1 }),
      controlWord({ code, repCount: 2, repStart: 1 }),
      controlWord({ code, fast: true, repCount: 0xfff, repStart: 0xffe }),
    ]),
    2n ** 64n - 1n,
  ],
};

/** What a hypercall came to. */
export interface HypercallResult {
  readonly status: Status<'hyperv', HyperVStatusName> | UnknownStatus<'hyperv'>;
  /** Repetitions that are done, those before the call included. */
  readonly completed: number;
}

/** X0 of a call that returned: status in bits 15:0, repetitions done in bits 43:32. */
export const resultType: ValueType<HypercallResult, HypercallResult> = {
  name: 'hyperv result',
  bits: 64,
  write: (registers, slot, value) => {
    registers.w[2 * slot] = 'code' in value.status ? value.status.code : value.status.unknown;
    registers.w[2 * slot + 1] = value.completed;
  },
  read: (registers, slot) => ({
    status: status.of((registers.w[2 * slot] as number) & 0xffff),
    completed: (registers.w[2 * slot + 1] as number) & 0xfff,
  }),
  show: (low, high) =>
    (low & ~0xffff) === 0 ? `${status.of(low)}${high === 0 ? '' : `, ${high & 0xfff} done`}` : hex64(low, high),
  edges: status.all.map(({ code }) => BigInt(code)),
  statuses: status.all,
};
