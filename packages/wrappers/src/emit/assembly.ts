import type { Wrapper } from '../generate.js';
import { LABEL } from '../machine/instruction.js';
import type { Target } from '../target.js';

/**
 * One wrapper as GNU assembly, ready to be part of a file that begins with {@link assemblyHead}. `comment` stands above
 * it.
 */
export function assemblyOf(wrapper: Wrapper, comment: readonly string[] = []): string {
  const { description, target, instructions } = wrapper;
  const { name } = description;
  const lines = instructions.map((instruction) =>
    instruction === LABEL ? '1:' : `\t${instruction.text.replace(/ +/, '\t')}`,
  );
  return [
    ...(comment.length > 0 ? ['/*', ...comment.map((line) => ` * ${line}`), ' */'] : []),
    `\t.globl\t${name}`,
    `\t.type\t${name}, %function`,
    ...(target.set === 't32' ? ['\t.thumb_func'] : []),
    `${name}:`,
    ...lines,
    `\t.size\t${name}, . - ${name}`,
    '',
  ].join('\n');
}

/**
 * What an assembler must know before wrappers of a target: syntax, instruction set, and the extensions that HVC and SMC
 * belong to.
 */
export function assemblyHead(target: Target): string {
  if (target.set === 'a64') return '\t.text\n\t.balign\t4\n';
  const old = target.code === 'big';
  return [
    '\t.syntax\tunified',
    `\t.arch\t${old ? 'armv6k' : 'armv7-a'}`,
    '\t.arch_extension sec',
    ...(old ? [] : ['\t.arch_extension virt']),
    '\t.text',
    target.set === 't32' ? '\t.thumb' : '\t.arm',
    `\t.balign\t${target.set === 't32' ? 2 : 4}`,
    '',
  ].join('\n');
}
