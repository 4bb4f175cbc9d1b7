import { type CallRow, callRows, hexId, type Interface } from '@trapline/core';
import { archAbi } from './arch/abi.js';
import { errataAbi } from './errata/abi.js';
import { decodeFunctionId, SVE_HINT } from './function-id.js';
import { ownerOf, SERVICE_RANGES, type ServiceRange, YIELDING_RANGES } from './owners.js';
import { pvTimeAbi } from './pv-time/abi.js';
import { QUERY_ABIS } from './queries/abi.js';
import { sdeiAbi } from './sdei/abi.js';
import { trngAbi } from './trng/abi.js';

/** The interfaces that this package declares: what a function id is looked up in where nobody says more. */
export const STANDARD_INTERFACES: readonly Interface[] = [
  archAbi,
  trngAbi,
  errataAbi,
  sdeiAbi,
  pvTimeAbi,
  ...QUERY_ABIS.values(),
] as unknown as readonly Interface[];

/** A function id in words. */
export interface FunctionDescription {
  readonly id: string;
  readonly kind: 'fast' | 'yielding';
  readonly width: 32 | 64;
  /** The owning entity; of a yielding call, the range its number lies in. */
  readonly owner: { readonly number: number | undefined; readonly name: string };
  readonly number: string;
  readonly sveHint: boolean;
  /** The specification that the number belongs to, where it lies in a range of one. */
  readonly specification: { readonly name: string; readonly source: string } | undefined;
  /** The call as declared, where one of the interfaces has it. */
  readonly call:
    | (CallRow & { readonly interface: string; readonly title: string; readonly source: string })
    | undefined;
  /** What is wrong with the id: reserved bits that are set, a form that the call does not have. */
  readonly problems: readonly string[];
}

/**
 * Explains any 32-bit value as a function id (DEN0028 1.5 F, 2.5 and 6.1).
 *
 * `interfaces` are searched in order; give PSCI's and vendors' beside {@link STANDARD_INTERFACES}. Ids that none of
 * them declares are explained as far as the convention goes.
 */
export function describeFunctionId(
  id: number,
  interfaces: readonly Interface[] = STANDARD_INTERFACES,
): FunctionDescription {
  const parts = decodeFunctionId(id);
  const call = findCall(parts.fast ? id & ~SVE_HINT : id, interfaces);
  const range = rangeOf(id, parts.fast);
  return {
    id: hexId(id),
    kind: parts.fast ? 'fast' : 'yielding',
    width: parts.smc64 ? 64 : 32,
    owner: parts.fast
      ? { number: parts.owner, name: ownerOf(parts.owner).name }
      : { number: undefined, name: range?.name ?? 'yielding calls' },
    number: `0x${parts.number.toString(16).padStart(4, '0')}`,
    sveHint: parts.fast && parts.sveHint,
    specification: parts.fast && range ? { name: range.name, source: range.source } : undefined,
    call,
    problems: problemsOf(id, call !== undefined, interfaces),
  };
}

function findCall(id: number, interfaces: readonly Interface[]): FunctionDescription['call'] {
  for (const abi of interfaces) {
    const declaration = abi.find(id);
    const row = declaration && callRows(abi).find(({ name }) => name === declaration.name);
    if (row) return { ...row, interface: abi.name, title: abi.title, source: abi.source };
  }
  return undefined;
}

/** Bits of the number that the ranges of {@link SERVICE_RANGES} do not tell apart: the width and the hint. */
const FORM_BITS = 0x4001_0000;

function rangeOf(id: number, fast: boolean): ServiceRange | undefined {
  const number = fast ? (id & ~FORM_BITS) >>> 0 : id >>> 0;
  return (fast ? SERVICE_RANGES : YIELDING_RANGES).find(({ from, to }) => number >= from && number <= to);
}

function problemsOf(id: number, known: boolean, interfaces: readonly Interface[]): string[] {
  const parts = decodeFunctionId(id);
  const problems: string[] = [];
  if (parts.fast && parts.reserved !== 0) problems.push('bits 23:17 of a fast call must be zero');
  if (parts.fast && !known) {
    const other = findCall((id ^ 0x4000_0000) & ~SVE_HINT, interfaces);
    if (other) problems.push(`${other.name} has no SMC${parts.smc64 ? 64 : 32} form, only ${other.ids.join(' ')}`);
  }
  return problems;
}
