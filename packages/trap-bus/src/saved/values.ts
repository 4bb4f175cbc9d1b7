import { RestoreError, type Saved } from '@trapline/core';

/** A record of saved state. Throws {@link RestoreError}, which names the place, for anything else; so do the others. */
export function recordOf(saved: Saved | undefined, place: string): { readonly [key: string]: Saved } {
  if (typeof saved === 'object' && saved !== null && !Array.isArray(saved)) {
    return saved as { readonly [key: string]: Saved };
  }
  throw refused(place, 'a record', saved);
}

/** A list of saved state, of `length` where given. */
export function listOf(saved: Saved | undefined, place: string, length?: number): readonly Saved[] {
  if (!Array.isArray(saved)) throw refused(place, 'a list', saved);
  if (length !== undefined && saved.length !== length) {
    throw new RestoreError(`${place}: ${saved.length} entries where this machine has ${length}`);
  }
  return saved as readonly Saved[];
}

export function stringOf(saved: Saved | undefined, place: string): string {
  if (typeof saved === 'string') return saved;
  throw refused(place, 'a string', saved);
}

export function flagOf(saved: Saved | undefined, place: string): boolean {
  if (typeof saved === 'boolean') return saved;
  throw refused(place, 'true or false', saved);
}

export function int32Of(saved: Saved | undefined, place: string): number {
  if (typeof saved === 'number' && (saved | 0) === saved) return saved;
  throw refused(place, 'a 32-bit integer', saved);
}

/** A 64-bit value in hexadecimal. */
export function hexOf(saved: Saved | undefined, place: string): bigint {
  if (typeof saved === 'string' && /^0x[0-9a-f]{1,16}$/.test(saved)) return BigInt(saved);
  throw refused(place, 'a 64-bit hexadecimal string', saved);
}

export function oneOfThese<const T extends string | number>(
  saved: Saved | undefined,
  place: string,
  values: readonly T[],
): T {
  const found = values.find((value) => value === saved);
  if (found !== undefined) return found;
  throw refused(place, `one of ${values.join(', ')}`, saved);
}

/** A value as {@link hexOf} reads it. */
export function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

function refused(place: string, wanted: string, saved: Saved | undefined): RestoreError {
  return new RestoreError(`${place}: expected ${wanted}, found ${JSON.stringify(saved)?.slice(0, 80) ?? 'nothing'}`);
}
