import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '@trapline/wrappers';
import { run } from './tools.js';

/** The binutils of a target: their prefix, and what makes `as`, `ld` and `objdump` take its byte orders. */
export function binutils(target: Target): { prefix: string; as: string[]; ld: string[]; format: string } {
  const big = target.data === 'big';
  return target.set === 'a64'
    ? {
        prefix: 'aarch64-linux-gnu',
        as: [big ? '-EB' : '-EL'],
        ld: [big ? '-EB' : '-EL'],
        format: big ? 'aarch64linuxb' : 'aarch64linux',
      }
    : {
        prefix: 'arm-linux-gnueabi',
        as: [big ? '-EB' : '-EL'],
        ld: [big ? '-EB' : '-EL', ...(big && target.code === 'little' ? ['--be8'] : [])],
        format: big ? 'armelfb_linux_eabi' : 'armelf_linux_eabi',
      };
}

/**
 * Assembles text and links it at 0 (which swaps the instructions of BE-8); gives the path of the ELF file. With `code`, a
 * file's bytes stand in place of those that were assembled, and count as instructions as they did.
 */
export function link(text: string, target: Target, folder: string, code?: string): string {
  const { prefix, as, ld, format } = binutils(target);
  const [source, object, elf] = ['s', 'o', 'elf'].map((end) => join(folder, `${target.name}.${end}`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(source, text);
  run(`${prefix}-as`, [...as, '-o', object, source]);
  if (code !== undefined) run(`${prefix}-objcopy`, ['--update-section', `.text=${code}`, object]);
  run(`${prefix}-ld`, [...ld, '-m', format, '-Ttext=0', '-e', '0', '-o', elf, object]);
  return elf;
}

/** The code that GNU as and ld make of assembly. */
export function codeOf(text: string, target: Target, folder: string): Uint8Array {
  const elf = link(text, target, folder);
  const flat = join(folder, `${target.name}.bin`);
  run(`${binutils(target).prefix}-objcopy`, ['-O', 'binary', '-j', '.text', elf, flat]);
  return new Uint8Array(readFileSync(flat));
}
