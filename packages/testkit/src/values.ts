import type { CallDeclaration, ValueType } from '@trapline/core';
import fc from 'fast-check';

/** Largest distance at which a neighbour of a valid value is tried. */
export const NEIGHBOUR_DISTANCE = 2n;

/** Values that are valid at the moment, by the name of an argument or of its type: real CPUs, addresses in memory. */
export type ValidValues = Readonly<Record<string, readonly bigint[]>>;

/**
 * The values worth trying for each argument of a call: the type's own edges, 0, 1, what is valid and its neighbours.
 *
 * Derived from the declaration; no test writes them down again.
 */
export function candidates(declaration: CallDeclaration, valid: ValidValues = {}): readonly (readonly bigint[])[] {
  return declaration.argumentTypes.map((type, i) => {
    const name = declaration.argumentNames[i] as string;
    const own = [...(valid[name] ?? []), ...(valid[type.name] ?? [])];
    const near = own.flatMap((value) => neighbours(value));
    return [...new Set([0n, 1n, ...type.edges, ...own, ...near].map((value) => BigInt.asUintN(64, value)))];
  });
}

function neighbours(value: bigint): bigint[] {
  const found: bigint[] = [];
  for (let distance = 1n; distance <= NEIGHBOUR_DISTANCE; distance++) found.push(value - distance, value + distance);
  return found;
}

/** A property test's arbitrary for one argument: its candidates, with or without random high halves, or anything. */
export function argumentArbitrary(type: ValueType, valid: readonly bigint[] = []): fc.Arbitrary<bigint> {
  const known = [0n, 1n, ...type.edges, ...valid, ...valid.flatMap(neighbours)].map((v) => BigInt.asUintN(64, v));
  const high = fc.bigInt(0n, 0xffff_ffffn);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...known) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...known), high).map(([v, h]) => (v & 0xffff_ffffn) | (h << 32n)),
    },
    { weight: 1, arbitrary: fc.bigInt(0n, 2n ** 64n - 1n) },
  );
}

/** A property test's arbitrary for a whole call: its number in any of its forms, and an argument for each register. */
export function callArbitrary(
  declaration: CallDeclaration,
  valid: ValidValues = {},
): fc.Arbitrary<{ readonly id: number; readonly arguments: readonly bigint[] }> {
  const ids = declaration.wideId === undefined ? [declaration.id] : [declaration.id, declaration.wideId];
  const args = declaration.argumentTypes.map((type, i) => {
    const name = declaration.argumentNames[i] as string;
    return argumentArbitrary(type as unknown as ValueType, [...(valid[name] ?? []), ...(valid[type.name] ?? [])]);
  });
  return fc.record({ id: fc.constantFrom(...ids), arguments: fc.tuple(...args) });
}
