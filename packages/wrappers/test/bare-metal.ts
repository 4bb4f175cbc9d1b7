import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '@trapline/wrappers';
import { run } from './tools.js';

/** Words of stack arguments that every call gets, and words of the block. Known to bare/main.c too. */
const STACK = 24;
const BLOCK = 18;
/** Places in the guest's memory that the program keeps for pointers. */
export const ARGUMENTS = 0x4200_0000n;
export const RESULTS = 0x4200_1000n;
export const QUIRK = 0x4200_2000n;

/** One call of one function. */
export interface Case {
  /** An offset in the machine code, or the number of a C function. */
  readonly at: { readonly code: number } | { readonly function: number };
  /** Parameters after the procedure call standard, each a whole word. */
  readonly parameters: readonly bigint[];
  readonly block?: readonly bigint[];
  readonly quirkId?: number;
}

/** What came back. */
export interface Answer {
  readonly value: bigint;
  /** X19 to X29, or R4 to R11. */
  readonly kept: readonly bigint[];
  readonly stackDifference: bigint;
  /** The memory that results go to, as bytes; untouched ones are 0xee. */
  readonly results: Uint8Array;
  readonly quirk: bigint;
}

/** A program: machine code, headers, C functions, calls. */
export interface Program {
  readonly target: Target;
  readonly conduit: 'hvc' | 'smc';
  readonly code: Uint8Array;
  /** C text that declares everything. */
  readonly headers: string;
  /** The C functions that cases number. */
  readonly functions: readonly string[];
  readonly cases: readonly Case[];
}

/** Patterns in the registers that a wrapper must keep. */
export function patternsFor(target: Target): readonly bigint[] {
  return Array.from({ length: target.set === 'a64' ? 11 : 8 }, (_, i) =>
    target.set === 'a64' ? 0x5a5a_0000_c3c3_0000n + BigInt(0x1_0000_0001 * (i + 1)) : 0x5ac3_0000n + BigInt(i + 1),
  );
}

/** Builds the program, runs it under QEMU, and reads what it wrote to the serial port. */
export function runBareMetal(program: Program, folder: string): readonly Answer[] {
  const { target, conduit } = program;
  const a64 = target.set === 'a64';
  const size = a64 ? 8 : 4;
  const prefix = a64 ? 'aarch64-linux-gnu' : 'arm-linux-gnueabi';
  const bare = new URL('bare/', import.meta.url).pathname;
  for (const file of ['main.c', 'code.S']) copyFileSync(join(bare, file), join(folder, file));
  writeFileSync(join(folder, 'code.bin'), program.code);
  writeFileSync(join(folder, 'cases.bin'), caseBytes(program.cases, size, target));
  const list = (items: readonly string[]): string => items.join(', ') || '0';
  writeFileSync(
    join(folder, 'abi.h'),
    [
      program.headers,
      `#define PATTERNS ${list(patternsFor(target).map((value) => `0x${value.toString(16)}ul`))}`,
      `#define FUNCTIONS ${list(program.functions.map((name) => `(word)&${name}`))}`,
      `#define POWER_OFF() psci_${conduit}_system_off()`,
      '',
    ].join('\n'),
  );
  const flags = a64 ? ['-mgeneral-regs-only', '-mstrict-align'] : ['-march=armv7-a', '-mno-unaligned-access'];
  if (!a64) flags.push(target.set === 't32' ? '-mthumb' : '-marm');
  if (target.data === 'big') flags.push('-mbig-endian', ...(a64 ? [] : ['-Wl,--be8']));
  run(`${prefix}-gcc`, [
    ...flags,
    ...['-O2', '-ffreestanding', '-nostdlib', '-static', '-fno-pie', '-no-pie', '-fno-tree-loop-distribute-patterns'],
    ...['-fno-asynchronous-unwind-tables', '-Wl,--build-id=none', `-Wl,-T,${join(bare, 'bare.ld')}`, `-Wa,-I${folder}`],
    ...['-o', join(folder, 'bare.elf'), join(bare, a64 ? 'start-a64.S' : 'start-aarch32.S')],
    ...[join(folder, 'code.S'), join(folder, 'main.c')],
  ]);
  run(`qemu-system-${a64 ? 'aarch64' : 'arm'}`, [
    ...['-M', `virt${conduit === 'smc' ? ',virtualization=on' : ''}`, '-cpu', a64 ? 'cortex-a57' : 'cortex-a15'],
    ...['-smp', '4', '-m', '1024', '-accel', 'tcg,thread=single', '-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${join(folder, 'out')}`, '-kernel', join(folder, 'bare.elf')],
  ]);
  return answers(new Uint8Array(readFileSync(join(folder, 'out'))), program.cases.length, target);
}

function caseBytes(cases: readonly Case[], size: 4 | 8, target: Target): Uint8Array {
  const registers = size === 8 ? 8 : 4;
  const words: bigint[] = [];
  for (const { at, parameters, block = [], quirkId = 0 } of cases) {
    words.push('code' in at ? BigInt(at.code) : 0x8000_0000n + BigInt(at.function));
    for (let i = 0; i < registers + STACK; i++) words.push(parameters[i] ?? 0xdeadn);
    for (let i = 0; i < BLOCK; i++) words.push(block[i] ?? 0n);
    words.push(BigInt(quirkId));
  }
  const bytes = new DataView(new ArrayBuffer(size * words.length));
  const little = target.data === 'little';
  words.forEach((word, i) => {
    if (size === 8) bytes.setBigUint64(8 * i, BigInt.asUintN(64, word), little);
    else bytes.setUint32(4 * i, Number(BigInt.asUintN(32, word)), little);
  });
  return new Uint8Array(bytes.buffer);
}

/** The program writes every word with its lowest byte first. */
function answers(bytes: Uint8Array, count: number, target: Target): readonly Answer[] {
  const size = target.set === 'a64' ? 8 : 4;
  const kept = patternsFor(target).length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const word = (): bigint => {
    const value = size === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
    at += size;
    return value;
  };
  return Array.from({ length: count }, () => {
    const value = word();
    const registers = Array.from({ length: kept }, word);
    const stackDifference = word();
    const results = new DataView(new ArrayBuffer(size * (BLOCK + 1)));
    for (let i = 0; i <= BLOCK; i++) {
      const stored = word();
      if (size === 8) results.setBigUint64(8 * i, stored, target.data === 'little');
      else results.setUint32(4 * i, Number(stored), target.data === 'little');
    }
    return { value, kept: registers, stackDifference, results: new Uint8Array(results.buffer), quirk: word() };
  });
}
