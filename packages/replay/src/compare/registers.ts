import type { Hex, RegisterValues, Tolerance } from '@trapline/recordings';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import { volatileBits } from './tolerance.js';

/** General registers by number, as the caller sees them. */
export type RegisterView = ReadonlyMap<number, bigint>;

/** The value that a recording gives a register, under either of its names. */
export function recorded(values: RegisterValues, register: number): Hex | undefined {
  return values[`x${register}`] ?? values[`r${register}`];
}

/**
 * Compares all general registers after a call: those that `out` lists with its values, all others with what they held
 * before.
 */
export function compareRegisters(
  findings: Findings,
  before: RegisterView,
  after: RegisterView,
  out: RegisterValues,
  tolerance: Tolerance,
): void {
  for (const [register, unchanged] of before) {
    const listed = recorded(out, register);
    const expected = listed === undefined ? unchanged : BigInt(listed);
    const got = after.get(register) ?? 0n;
    const name = `x${register}`;
    const compared = ~volatileBits(tolerance, name);
    if ((expected & compared) === (got & compared)) continue;
    findings.different(name, listed === undefined ? `${hex(expected)} (unchanged)` : hex(expected), hex(got));
  }
}
