import type { CallConduit } from '../encodings.js';
import type { Instruction } from './instruction.js';

/** The numbers of registers with a role. */
export const SP = 13;
export const LR = 14;
export const PC = 15;

/** What A32 and T32 both have: one set of verbs, two encodings. */
export interface AArch32Set {
  readonly unit: 2 | 4;
  move(to: number, from: number): Instruction;
  constant(to: number, value: number): readonly Instruction[];
  load(to: number, from: number, offset: number): Instruction;
  store(register: number, to: number, offset: number): Instruction;
  /** Two registers or more from ascending addresses, the lowest number first; the base is kept or loaded itself. */
  loadMany(from: number, registers: readonly number[]): Instruction;
  storeMany(to: number, registers: readonly number[]): Instruction;
  push(registers: readonly number[]): Instruction;
  pop(registers: readonly number[]): Instruction;
  /** Gives room on the stack back. */
  release(size: number): Instruction;
  compare(register: number, value: number): Instruction;
  /** To the label, over so many bytes. */
  skipIf(condition: 'eq' | 'ne', over: number): Instruction;
  call(conduit: CallConduit, immediate: number): Instruction;
  readonly back: Instruction;
}

/** A register's name. */
export function name(register: number): string {
  return ['sp', 'lr', 'pc'][register - SP] ?? `r${register}`;
}

/** A register list as assemblers take it. */
export function listText(registers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < registers.length; ) {
    let end = i;
    while (registers[end + 1] === (registers[end] as number) + 1 && (registers[end + 1] as number) < SP) end++;
    const first = name(registers[i] as number);
    parts.push(end > i + 1 ? `${first}-${name(registers[end] as number)}` : first);
    i = end > i + 1 ? end + 1 : i + 1;
  }
  return `{${parts.join(', ')}}`;
}

/** A register list as a bit mask. */
export function listMask(registers: readonly number[]): number {
  return registers.reduce((mask, register) => mask | (1 << register), 0);
}

/** A base with an offset. */
export function address(register: number, offset: number): string {
  return offset === 0 ? `[${name(register)}]` : `[${name(register)}, #${offset}]`;
}
