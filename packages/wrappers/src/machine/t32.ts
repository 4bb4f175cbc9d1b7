/** The T32 instructions that wrappers are made of (DDI 0487, F5.1). Those with 32 bits are ARMv7's, as HVC and SMC are. */
import { callWord } from '../encodings.js';
import { type AArch32Set, address, LR, listMask, listText, name, PC, SP } from './aarch32.js';
import type { Instruction } from './instruction.js';

const short = (text: string, halfword: number): Instruction => ({ text, units: [halfword & 0xffff] });
const long = (text: string, first: number, second: number): Instruction => ({
  text,
  units: [first & 0xffff, second & 0xffff],
});

const isLow = (register: number): boolean => register < 8;

/** `movw` or `movt`: sixteen bits into one half of a register. */
function half(mnemonic: 'movw' | 'movt', to: number, value: number): Instruction {
  const first = (mnemonic === 'movw' ? 0xf240 : 0xf2c0) | (((value >>> 11) & 1) << 10) | (value >>> 12);
  const second = (((value >>> 8) & 7) << 12) | (to << 8) | (value & 0xff);
  return long(`${mnemonic}    ${name(to)}, #0x${value.toString(16)}`, first, second);
}

/** `ldr` or `str`: 16 bits where registers and offset allow it. */
function transfer(mnemonic: 'ldr' | 'str', register: number, base: number, offset: number): Instruction {
  const load = mnemonic === 'ldr' ? 1 : 0;
  const operands = `${name(register)}, ${address(base, offset)}`;
  if (isLow(register) && isLow(base) && offset <= 124) {
    return short(`${mnemonic}     ${operands}`, 0x6000 | (load << 11) | ((offset / 4) << 6) | (base << 3) | register);
  }
  if (isLow(register) && base === SP && offset <= 1020) {
    return short(`${mnemonic}     ${operands}`, 0x9000 | (load << 11) | (register << 8) | (offset / 4));
  }
  return long(`${mnemonic}.w   ${operands}`, 0xf8c0 | (load << 4) | base, (register << 12) | offset);
}

/** `push` or `pop`: 16 bits where only low registers and the one with the return address are named. */
function stack(mnemonic: 'push' | 'pop', registers: readonly number[]): Instruction {
  const extra = mnemonic === 'push' ? LR : PC;
  const low = registers.filter((register) => register !== extra);
  if (low.every(isLow)) {
    const opcode = (mnemonic === 'push' ? 0xb400 : 0xbc00) | (low.length < registers.length ? 0x100 : 0);
    return short(`${mnemonic.padEnd(8)}${listText(registers)}`, opcode | listMask(low));
  }
  const opcode = mnemonic === 'push' ? 0xe92d : 0xe8bd;
  return long(`${`${mnemonic}.w`.padEnd(8)}${listText(registers)}`, opcode, listMask(registers));
}

/** The set. */
export const T32: AArch32Set = {
  unit: 2,
  move: (to, from) => short(`mov     ${name(to)}, ${name(from)}`, 0x4600 | ((to >>> 3) << 7) | (from << 3) | (to & 7)),
  constant: (to, value) => {
    const low = half('movw', to, value & 0xffff);
    return value >>> 16 === 0 ? [low] : [low, half('movt', to, value >>> 16)];
  },
  load: (to, from, offset) => transfer('ldr', to, from, offset),
  store: (register, to, offset) => transfer('str', register, to, offset),
  // The 16-bit form writes the base back unless the base itself is loaded.
  loadMany: (from, registers) =>
    registers.every(isLow) && registers.includes(from)
      ? short(`ldm     ${name(from)}, ${listText(registers)}`, 0xc800 | (from << 8) | listMask(registers))
      : long(`ldm.w   ${name(from)}, ${listText(registers)}`, 0xe890 | from, listMask(registers)),
  storeMany: (to, registers) => long(`stm.w   ${name(to)}, ${listText(registers)}`, 0xe880 | to, listMask(registers)),
  push: (registers) => stack('push', registers),
  pop: (registers) => stack('pop', registers),
  release: (size) => short(`add     sp, sp, #${size}`, 0xb000 | (size / 4)),
  compare: (register, value) => short(`cmp     ${name(register)}, #${value}`, 0x2800 | (register << 8) | value),
  // The program counter reads as the instruction's address plus 4.
  skipIf: (condition, over) =>
    short(`b${condition}     1f`, (condition === 'eq' ? 0xd000 : 0xd100) | (((over - 2) / 2) & 0xff)),
  call: (conduit, immediate) => {
    const word = callWord('t32', conduit, immediate);
    return long(`${conduit}     #0x${immediate.toString(16)}`, word >>> 16, word);
  },
  back: short('bx      lr', 0x4770),
};
