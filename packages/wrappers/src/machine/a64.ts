/** The A64 instructions that wrappers are made of (DDI 0487, C6.2), each with its text and its word. */
import { type CallConduit, callWord } from '../encodings.js';
import type { Instruction } from './instruction.js';

/** The number of SP where an instruction takes it for a base. */
export const SP = 31;

const one = (text: string, word: number): Instruction => ({ text, units: [word >>> 0] });
const base = (register: number): string => (register === SP ? 'sp' : `x${register}`);
const at = (register: number, offset: number): string =>
  offset === 0 ? `[${base(register)}]` : `[${base(register)}, #${offset}]`;
/** A register under its 32-bit or 64-bit name. */
const named = (register: number, bits: 32 | 64): string => `${bits === 64 ? 'x' : 'w'}${register}`;

/** `mov` between registers; with 32 bits the high half becomes zero. */
export function move(to: number, from: number, bits: 32 | 64): Instruction {
  const word = (bits === 64 ? 0xaa00_03e0 : 0x2a00_03e0) | (from << 16) | to;
  return one(`mov     ${named(to, bits)}, ${named(from, bits)}`, word);
}

/** A number into a register: one `movz`, and a `movk` for every other 16 bits that are not zero. */
export function constant(to: number, value: bigint): readonly Instruction[] {
  const bits = value > 0xffff_ffffn ? 64 : 32;
  const made: Instruction[] = [];
  for (let part = 0; part < bits / 16; part++) {
    const sixteen = Number((value >> BigInt(16 * part)) & 0xffffn);
    if (sixteen === 0 && value !== 0n) continue;
    if (made.length > 0 && value === 0n) break;
    const keep = made.length > 0;
    const opcode = (keep ? 0x7280_0000 : 0x5280_0000) | (bits === 64 ? 0x8000_0000 : 0);
    const shift = part === 0 ? '' : `, lsl #${16 * part}`;
    made.push(
      one(
        `${keep ? 'movk' : 'movz'}    ${named(to, bits)}, #0x${sixteen.toString(16)}${shift}`,
        opcode | (part << 21) | (sixteen << 5) | to,
      ),
    );
  }
  return made;
}

/** `ldr` with an offset from a base. */
export function load(to: number, from: number, offset: number, bits: 32 | 64): Instruction {
  const scaled = offset / (bits / 8);
  const opcode = bits === 64 ? 0xf940_0000 : 0xb940_0000;
  return one(`ldr     ${named(to, bits)}, ${at(from, offset)}`, opcode | (scaled << 10) | (from << 5) | to);
}

/** `str` with an offset from a base. */
export function store(register: number, to: number, offset: number, bits: 32 | 64): Instruction {
  const scaled = offset / (bits / 8);
  const opcode = bits === 64 ? 0xf900_0000 : 0xb900_0000;
  return one(`str     ${named(register, bits)}, ${at(to, offset)}`, opcode | (scaled << 10) | (to << 5) | register);
}

/** `ldp` of two 64-bit registers. */
export function loadPair(first: number, second: number, from: number, offset: number): Instruction {
  const word = 0xa940_0000 | (((offset / 8) & 0x7f) << 15) | (second << 10) | (from << 5) | first;
  return one(`ldp     x${first}, x${second}, ${at(from, offset)}`, word);
}

/** `stp` of two registers. */
export function storePair(first: number, second: number, to: number, offset: number, bits: 32 | 64): Instruction {
  const opcode = bits === 64 ? 0xa900_0000 : 0x2900_0000;
  const scaled = (offset / (bits / 8)) & 0x7f;
  return one(
    `stp     ${named(first, bits)}, ${named(second, bits)}, ${at(to, offset)}`,
    opcode | (scaled << 15) | (second << 10) | (to << 5) | first,
  );
}

/** Makes room on the stack and puts one or two registers at its lower end. */
export function push(registers: readonly number[], size: number): Instruction {
  const [first = 0, second] = registers;
  if (second === undefined) {
    return one(`str     x${first}, [sp, #-${size}]!`, 0xf800_0c00 | ((-size & 0x1ff) << 12) | (SP << 5) | first);
  }
  return one(
    `stp     x${first}, x${second}, [sp, #-${size}]!`,
    0xa980_0000 | (((-size / 8) & 0x7f) << 15) | (second << 10) | (SP << 5) | first,
  );
}

/** Takes one register from the stack's lower end, and the room back. */
export function pop(register: number, size: number): Instruction {
  return one(`ldr     x${register}, [sp], #${size}`, 0xf840_0400 | (size << 12) | (SP << 5) | register);
}

/** Gives room on the stack back. */
export function release(size: number): Instruction {
  return one(`add     sp, sp, #${size}`, 0x9100_03ff | (size << 10));
}

/** `cbz` to the label, over so many bytes. */
export function skipIfZero(register: number, over: number): Instruction {
  return one(`cbz     x${register}, 1f`, 0xb400_0000 | (((4 + over) / 4) << 5) | register);
}

/** `cmp` of a 32-bit register with a small number. */
export function compare(register: number, value: number): Instruction {
  return one(`cmp     w${register}, #${value}`, 0x7100_001f | (value << 10) | (register << 5));
}

/** `b.ne` to the label, over so many bytes. */
export function skipIfDifferent(over: number): Instruction {
  return one('b.ne    1f', 0x5400_0001 | (((4 + over) / 4) << 5));
}

/** HVC or SMC. */
export function call(conduit: CallConduit, immediate: number): Instruction {
  return one(`${conduit}     #0x${immediate.toString(16)}`, callWord('a64', conduit, immediate));
}

/** `ret`. */
export const RETURN: Instruction = one('ret', 0xd65f_03c0);

/** BTI C under the name that every assembler knows: a hint that older cores ignore. */
export const LANDING_PAD: Instruction = one('hint    #34', 0xd503_245f);
