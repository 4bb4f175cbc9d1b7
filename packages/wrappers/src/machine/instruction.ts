import type { Target } from '../target.js';

/** One instruction: what an assembler reads, and its code in units (words; T32: halfwords, the first one first). */
export interface Instruction {
  readonly text: string;
  readonly units: readonly number[];
}

/** Where a forward branch of the same wrapper goes; takes no code. */
export const LABEL: Instruction = { text: '1:', units: [] };

/** Bytes of one unit. */
function unitSize(target: Target): 2 | 4 {
  return target.set === 't32' ? 2 : 4;
}

/** Bytes that instructions take. */
export function sizeOf(instructions: readonly Instruction[], unit: 2 | 4): number {
  return instructions.reduce((sum, { units }) => sum + units.length * unit, 0);
}

/** The bytes of instructions as they stand in a target's memory. */
export function bytesOf(instructions: readonly Instruction[], target: Target): Uint8Array {
  const unit = unitSize(target);
  const bytes = new Uint8Array(sizeOf(instructions, unit));
  let at = 0;
  for (const { units } of instructions) {
    for (const value of units) {
      for (let i = 0; i < unit; i++) bytes[at + (target.code === 'big' ? unit - 1 - i : i)] = value >>> (8 * i);
      at += unit;
    }
  }
  return bytes;
}

/** The bytes of one instruction word (T32: first halfword on top) as they stand in a target's memory. */
export function bytesOfWord(word: number, target: Target): Uint8Array {
  const units = target.set === 't32' ? [word >>> 16, word & 0xffff] : [word >>> 0];
  return bytesOf([{ text: '', units }], target);
}
