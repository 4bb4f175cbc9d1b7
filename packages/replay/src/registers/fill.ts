import { type Environment, RecordingError } from '@trapline/recordings';

/** The value of each register that a call does not set, by number. */
export type FillPattern = readonly bigint[];

const REGISTERS = 31;

/**
 * The fill pattern of an environment, in any of its spellings: a table by register, a table by width and register, or
 * one pattern whose run of N stands for the register's number.
 *
 * Throws {@link RecordingError} where there is none.
 */
export function fillOf(environment: Environment, width: 32 | 64): FillPattern {
  const table = environment.fill?.regs ?? environment.fillPattern?.[width];
  const [pattern] = environment.fill?.['where a step says fill'] ?? [];
  if (table === undefined && pattern === undefined) {
    throw new RecordingError('environment.fill', 'has no pattern that is known here');
  }
  return Array.from({ length: REGISTERS }, (_, n) => BigInt(table?.[`x${n}`] ?? expanded(pattern ?? '0x0', n)));
}

function expanded(pattern: string, register: number): string {
  return pattern.replaceAll(/N+/g, (run) => register.toString(16).padStart(run.length, '0'));
}
