import { SMC64 } from '@trapline/core';

/** A function id taken apart (DEN0028 1.5 F, 2.5). */
export interface FunctionId {
  /** Bit 31: atomic from the caller's view (fast), or interruptible (yielding). */
  readonly fast: boolean;
  /** Bit 30: the 64-bit convention. */
  readonly smc64: boolean;
  /** Bits 29:24: the owning entity of a fast call. */
  readonly owner: number;
  /** Bits 23:17 of a fast call: must be zero. */
  readonly reserved: number;
  /** Bit 16: the caller has no live SVE, SME or FP state beyond what the call preserves (since 1.3). */
  readonly sveHint: boolean;
  /** Bits 15:0. */
  readonly number: number;
}

/** Bit 31 of a function id. */
export const FAST_CALL = 0x8000_0000;
/** Bit 16 of a function id: the SVE hint; part of no number. */
export const SVE_HINT = 0x1_0000;
/** Owners there can be: six bits. */
export const OWNER_LIMIT = 64;

const RESERVED_BITS = 7;

/** Takes a function id apart; every 32-bit value is one. */
export function decodeFunctionId(id: number): FunctionId {
  return {
    fast: (id & FAST_CALL) !== 0,
    smc64: (id & SMC64) !== 0,
    owner: (id >>> 24) & (OWNER_LIMIT - 1),
    reserved: (id >>> 17) & ((1 << RESERVED_BITS) - 1),
    sveHint: (id & SVE_HINT) !== 0,
    number: id & 0xffff,
  };
}

/**
 * Puts a function id together, as uint32. A fast SMC32 call without hint where parts are absent.
 *
 * Throws `RangeError` for a part that its bits cannot hold.
 */
export function encodeFunctionId(parts: Partial<FunctionId> & Pick<FunctionId, 'owner' | 'number'>): number {
  const reserved = parts.reserved ?? 0;
  inRange('owner', parts.owner, OWNER_LIMIT);
  inRange('number', parts.number, 0x1_0000);
  inRange('reserved bits', reserved, 1 << RESERVED_BITS);
  const fast = parts.fast === false ? 0 : FAST_CALL;
  const smc64 = parts.smc64 ? SMC64 : 0;
  const hint = parts.sveHint ? SVE_HINT : 0;
  return (fast | smc64 | (parts.owner << 24) | (reserved << 17) | hint | parts.number) >>> 0;
}

function inRange(what: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= limit) {
    throw new RangeError(`a function id's ${what} is 0 to ${limit - 1}, not ${value}`);
  }
}
