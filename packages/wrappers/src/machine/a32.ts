/** The A32 instructions that wrappers are made of (DDI 0487, F5.1), always executed. All but HVC and SMC are ARMv5T's. */
import { callWord } from '../encodings.js';
import { type AArch32Set, address, listMask, listText, name, SP } from './aarch32.js';
import type { Instruction } from './instruction.js';

const one = (text: string, word: number): Instruction => ({ text, units: [word >>> 0] });

const ROTATIONS = 16;

/** Eight bits rotated right by an even number (F5.2, A32ExpandImm), with the smallest rotation. */
function modified(value: number): number {
  for (let rotation = 0; rotation < ROTATIONS; rotation++) {
    const by = 2 * rotation;
    const turned = by === 0 ? value : ((value << by) | (value >>> (32 - by))) >>> 0;
    if (turned <= 0xff) return (rotation << 8) | turned;
  }
  throw new RangeError(`0x${value.toString(16)} is no modified immediate`);
}

/** A number as a sum of modified immediates: eight bits each, from an even position on. */
function parts(value: number): readonly number[] {
  const found: number[] = [];
  for (let left = value >>> 0; left !== 0; ) {
    const lowest = (31 - Math.clz32(left & -left)) & ~1;
    const part = (left & (0xff << lowest)) >>> 0;
    found.push(part);
    left = (left & ~part) >>> 0;
  }
  return found.length === 0 ? [0] : found;
}

/**
 * The set. A number is built by `mov` and `orr`, not by `movw` and `movt`: an SMCCC function id takes two of either, and
 * ARMv6K, the newest with BE-32, has no `movw`.
 */
export const A32: AArch32Set = {
  unit: 4,
  move: (to, from) => one(`mov     ${name(to)}, ${name(from)}`, 0xe1a0_0000 | (to << 12) | from),
  constant: (to, value) =>
    parts(value).map((part, i) => {
      const number = `#0x${part.toString(16)}`;
      return i === 0
        ? one(`mov     ${name(to)}, ${number}`, 0xe3a0_0000 | (to << 12) | modified(part))
        : one(`orr     ${name(to)}, ${name(to)}, ${number}`, 0xe380_0000 | (to << 16) | (to << 12) | modified(part));
    }),
  load: (to, from, offset) =>
    one(`ldr     ${name(to)}, ${address(from, offset)}`, 0xe590_0000 | (from << 16) | (to << 12) | offset),
  store: (register, to, offset) =>
    one(`str     ${name(register)}, ${address(to, offset)}`, 0xe580_0000 | (to << 16) | (register << 12) | offset),
  loadMany: (from, registers) =>
    one(`ldm     ${name(from)}, ${listText(registers)}`, 0xe890_0000 | (from << 16) | listMask(registers)),
  storeMany: (to, registers) =>
    one(`stm     ${name(to)}, ${listText(registers)}`, 0xe880_0000 | (to << 16) | listMask(registers)),
  // Assemblers take the form with one register for a plain store or load.
  push: (registers) => {
    const [first = 0, second] = registers;
    const word = second === undefined ? 0xe52d_0004 | (first << 12) : 0xe92d_0000 | listMask(registers);
    return one(`push    ${listText(registers)}`, word);
  },
  pop: (registers) => {
    const [first = 0, second] = registers;
    const word = second === undefined ? 0xe49d_0004 | (first << 12) : 0xe8bd_0000 | listMask(registers);
    return one(`pop     ${listText(registers)}`, word);
  },
  release: (size) => one(`add     sp, sp, #${size}`, 0xe280_0000 | (SP << 16) | (SP << 12) | modified(size)),
  compare: (register, value) => one(`cmp     ${name(register)}, #${value}`, 0xe350_0000 | (register << 16) | value),
  // The program counter reads as the instruction's address plus 8.
  skipIf: (condition, over) =>
    one(`b${condition}     1f`, (condition === 'eq' ? 0x0a00_0000 : 0x1a00_0000) | (((over - 4) / 4) & 0xff_ffff)),
  call: (conduit, immediate) => one(`${conduit}     #0x${immediate.toString(16)}`, callWord('a32', conduit, immediate)),
  back: one('bx      lr', 0xe12f_ff1e),
};
