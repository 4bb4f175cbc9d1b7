import { type Environment, type Hex, RecordingError } from '@trapline/recordings';

/** The value of each register that a call does not set. */
export type FillPattern = (register: number) => bigint;

/**
 * The fill pattern of an environment, in any of its spellings: a table by register, a table by width and register, or
 * one pattern whose run of N stands for the register's number.
 *
 * Throws {@link RecordingError} where there is none.
 */
export function fillOf(environment: Environment, width: 32 | 64): FillPattern {
  const table = environment.fill?.regs ?? environment.fillPattern?.[width];
  if (table) return (register) => BigInt(table[`x${register}`] ?? 0);
  const [pattern] = environment.fill?.['where a step says fill'] ?? [];
  if (pattern === undefined) throw new RecordingError('environment.fill', 'has no pattern that is known here');
  return (register) => BigInt(expanded(pattern, register));
}

function expanded(pattern: string, register: number): Hex {
  return pattern.replaceAll(/N+/g, (run) => register.toString(16).padStart(run.length, '0')) as Hex;
}
