import { type Target, type TargetName, targetOf } from '../target.js';
import { type Decoding, decodeInstruction } from './decode.js';

/** A decoded instruction of a sequence, and where it stands. */
export interface LocatedDecoding {
  readonly offset: number;
  readonly decoding: Decoding;
}

/** Bytes of a sequence that are looked at: what a tree holds may be of any size. */
export const MAX_DECODED_BYTES = 0x1_0000;

/**
 * Reads one instruction after another, as a core that begins at the first byte would: T32 code mixes 2 and 4 bytes.
 * Bytes that are left over at the end are reported once, as truncated. Nothing behind {@link MAX_DECODED_BYTES} is read.
 */
export function decodeInstructions(bytes: Uint8Array, target: Target | TargetName): readonly LocatedDecoding[] {
  const resolved = targetOf(target);
  const window = bytes.subarray(0, MAX_DECODED_BYTES);
  const found: LocatedDecoding[] = [];
  for (let offset = 0; offset < window.length; ) {
    const decoding = decodeInstruction(window, resolved, { offset });
    found.push({ offset, decoding });
    if (decoding.length === 0) break;
    offset += decoding.length;
  }
  return found;
}
