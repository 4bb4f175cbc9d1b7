import { checkDescription } from './check.js';
import type { WrapperDescription } from './description.js';
import { A32 } from './machine/a32.js';
import { generateA64 } from './machine/generate-a64.js';
import { generateAArch32 } from './machine/generate-aarch32.js';
import { bytesOf, type Instruction } from './machine/instruction.js';
import { T32 } from './machine/t32.js';
import { type Target, type TargetName, targetOf } from './target.js';

/** A wrapper made for a target: the same instructions as text and as bytes. */
export interface Wrapper {
  readonly description: WrapperDescription;
  readonly target: Target;
  readonly instructions: readonly Instruction[];
  /** Position-independent machine code as the target's memory holds it; it stands at a multiple of its unit's size. */
  readonly bytes: Uint8Array;
}

/**
 * Makes a wrapper: a function after the procedure call standard (AAPCS64, AAPCS32) that fills the registers, executes the
 * call, hands results on, and keeps what belongs to its caller. No literal pool, no relocation, no use of static data.
 *
 * Throws {@link WrapperError} for a description that has no wrapper on the target.
 */
export function generateWrapper(description: WrapperDescription, target: Target | TargetName): Wrapper {
  const resolved = targetOf(target);
  checkDescription(description, resolved);
  const instructions =
    resolved.set === 'a64'
      ? generateA64(description)
      : generateAArch32(description, resolved.set === 'a32' ? A32 : T32);
  return { description, target: resolved, instructions, bytes: bytesOf(instructions, resolved) };
}
