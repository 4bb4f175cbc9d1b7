import {
  type CallDeclaration,
  createRegisters,
  decodeCall,
  decodeResults,
  type Interface,
  SMC64,
  writeRegister,
} from '@trapline/core';
import { psci } from '@trapline/psci';
import type { CallStep } from '@trapline/recordings';
import { STANDARD_INTERFACES, SVE_HINT } from '@trapline/smccc';

/** The interfaces whose calls are compared, in the order of the page. */
export const INTERFACES: readonly Interface[] = [psci.abi as unknown as Interface, ...STANDARD_INTERFACES];

/** Calls of PSCI that only ask: what they are answered changes nothing. */
const QUESTIONS = /^(version|features|affinityInfo|migrateInfo.*|nodeHwState|stat.*|arch.*|getUuid|call.*|revision)$/;

/** A declared call. */
export interface Declared {
  readonly abi: Interface;
  readonly declaration: CallDeclaration;
  readonly id: number;
}

/** The call that X0 is declared as; undefined for a number with a high half, and for those that nobody declares. */
export function declared({ in: { x0 = '0x0' } }: CallStep): Declared | undefined {
  const value = BigInt(x0);
  if (value >> 32n !== 0n) return undefined;
  const id = Number(BigInt.asIntN(32, value));
  for (const abi of INTERFACES) {
    const declaration = abi.find(id);
    if (declaration) return { abi, declaration, id };
  }
  return undefined;
}

/** Whether a call left everything as it was: a question in whatever spelling, or one that was refused. */
export function changedNothing(step: CallStep): boolean {
  const read = Number(BigInt(step.in.x0 ?? '0x0') & 0xffff_ffffn) & ~SVE_HINT;
  const call = declared({ ...step, in: { x0: `0x${(read >>> 0).toString(16)}` } });
  if (call && QUESTIONS.test(call.declaration.name)) return true;
  return step.out?.x0 !== undefined && BigInt.asIntN(32, BigInt(step.out.x0)) < 0n;
}

/** The declared arguments as a key: undefined where a register among them was not set on purpose. */
export function argumentsOf(step: CallStep): readonly string[] | undefined {
  const call = declared(step);
  if (!call) return [];
  const values = call.declaration.argumentNames.map((_, i) => {
    const register = `x${1 + i}`;
    return step.sym?.[register] ?? step.in[register];
  });
  return values.every((value) => value !== undefined) ? (values as readonly string[]) : undefined;
}

/** A call with its arguments, as a row's title. */
export function callWords(step: CallStep): string {
  const call = declared(step);
  if (!call) return `\`${step.in.x0}\``;
  const registers = createRegisters();
  const given = argumentsOf(step) ?? [];
  given.forEach((value, i) => {
    if (value.startsWith('0x')) writeRegister(registers, 1 + i, BigInt(value));
  });
  const decoded = decodeCall(call.abi, call.id, registers)?.arguments ?? [];
  const words = given.map(
    (value, i) =>
      `${call.declaration.argumentNames[i]} ${argumentWords(call.declaration.argumentNames[i] ?? '', value, decoded[i]?.text)}`,
  );
  return [call.declaration.wideId === call.id ? '64:' : '', words.join(', ') || 'no arguments'].join(' ').trim();
}

/** A value as it stood in the register, with its words: what the callee makes of it, or the call that it is the number of. */
function argumentWords(name: string, value: string, text = value): string {
  if (!value.startsWith('0x')) return value;
  const named = declared({ in: { x0: value } } as unknown as CallStep);
  if (named && name === 'function') return `${value} (${named.abi.name} ${named.declaration.name})`;
  return text === value || text === BigInt(value).toString()
    ? value
    : `${value} (${text.replace(`${value} (`, '').replace(/\)$/, '')})`;
}

/** What X0 says, in the words of the call's result. */
export function answerWords(step: CallStep): string {
  if (step.exception) return 'exception';
  const x0 = step.out?.x0;
  if (x0 === undefined) return 'does not return';
  const value = BigInt(x0);
  const call = declared(step);
  const registers = createRegisters();
  writeRegister(registers, 0, value);
  const wide = call !== undefined && (call.id & SMC64) !== 0;
  const [first] = call ? decodeResults(call.abi, call.declaration, registers, wide) : [];
  const code = BigInt.asIntN(64, value);
  if (first !== undefined && !/^0xf{8}/.test(first.text)) return first.text;
  return code < 0n && code > -100n ? `${code}` : x0;
}
