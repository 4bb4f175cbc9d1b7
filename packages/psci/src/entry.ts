import {
  ADDRESS_LIMIT,
  addressOf,
  CONTEXT_HIGH,
  CONTEXT_LOW,
  ENTRY_HIGH,
  ENTRY_LOW,
  type ExceptionLevel,
  type ExecutionState,
  type GuestPhysical,
  type MemoryPort,
  NO_ADDRESS,
  type Pe,
  type StartState,
} from '@trapline/core';
import type { AddressRange, EntryRules, StartRules } from './profile.js';

/** Bytes that must be readable at an entry point: one instruction. */
const INSTRUCTION = 4;
/** SCTLR_ELx.EE, and the same bit of the AArch32 SCTLR and HSCTLR. */
const SCTLR_EE = 1 << 25;
/** PSTATE.E of AArch32: data accesses are big-endian. */
const PSTATE_E = 1 << 9;
/** SCR_EL3.RW: the next lower exception level is AArch64. */
const SCR_RW = 1 << 10;

/** Whether a range lies wholly inside one of some ranges. */
export function inRanges(ranges: readonly AddressRange[], address: number, length: number): boolean {
  for (let i = 0; i < ranges.length; i++) {
    const { base, size } = ranges[i] as AddressRange;
    if (address >= base && length <= size && address - base <= size - length) return true;
  }
  return false;
}

/** Whether an entry point lies where the rules let it lie. */
export function entryIsWithin(rules: EntryRules, memory: MemoryPort, low: number, high: number): boolean {
  if (rules.within === 'anywhere') return true;
  const address = addressOf(low, high);
  if (address === NO_ADDRESS || address > ADDRESS_LIMIT - INSTRUCTION) return false;
  // Bit 0 says T32: it is not part of the address.
  if (rules.within === 'memory') return memory.has((address - (low & 1)) as GuestPhysical, INSTRUCTION);
  return inRanges(rules.within, address, 1);
}

/** Whether an entry point has the alignment of the instruction set it names. */
export function entryIsAligned(rules: EntryRules, state: ExecutionState, low: number): boolean {
  if (state === 'a64') return (low & rules.a64Reserved) === 0;
  return (low & 1) !== 0 || (low & rules.a32Reserved) === 0;
}

/**
 * The execution state a CPU begins in: the caller's (6.4.3.1), except where the exception level entered is above the
 * caller's and known to be AArch64.
 */
export function startStateOf(caller: Pe, el: ExceptionLevel): ExecutionState {
  if (caller.state !== 'a64' && el > caller.el && (caller.scr & SCR_RW) !== 0) return 'a64';
  return caller.state;
}

/**
 * Writes how a CPU begins: entry point and context id, at the exception level given, in the
 * caller's execution state and, where the rules hand it on, endianness. For an AArch32 caller bit 0 of the entry point chooses T32.
 */
export function fillStart(
  start: StartState,
  rules: StartRules,
  caller: Pe,
  el: 1 | 2,
  call: Uint32Array,
  firstArgument: number,
): void {
  const entry = 2 * firstArgument;
  const { w } = start;
  const state = startStateOf(caller, el);
  const low = call[entry] as number;
  const thumb = state !== 'a64' && (low & 1) !== 0;
  w[ENTRY_LOW] = thumb ? low & ~1 : low;
  w[ENTRY_HIGH] = call[entry + 1] as number;
  w[CONTEXT_LOW] = call[entry + 2] as number;
  w[CONTEXT_HIGH] = call[entry + 3] as number;
  start.el = el;
  start.state = thumb ? 't32' : state === 't32' ? 'a32' : state;
  const byData = rules.endianness === 'data' && caller.state !== 'a64';
  const exceptions = rules.endianness === 'little' ? 0 : caller.sctlr & SCTLR_EE;
  start.bigEndian = byData ? (caller.pstate & PSTATE_E) !== 0 : exceptions !== 0;
  start.flags = (state === 'a64' ? rules.flags : (rules.a32Flags ?? rules.flags)) ?? 0;
  const sctlr = state === 'a64' ? rules.sctlr.a64 : rules.sctlr.a32;
  start.sctlr = (el === 2 ? sctlr.el2 : sctlr.el1) | (byData ? 0 : exceptions);
}
