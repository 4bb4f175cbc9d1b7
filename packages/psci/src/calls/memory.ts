import { addressOf, type GuestPhysical, type Handler, NO_ADDRESS, returnInt } from '@trapline/core';
import { inRanges } from '../entry.js';
import type { Platform } from '../platform.js';
import type { CleanInvRules } from '../profile.js';
import { Code } from '../status.js';

/** MEM_PROTECT (5.14): any value but zero switches it on; gives what it was before. */
export function memProtect(platform: Platform): Handler {
  return (call) => {
    const before = platform.memProtect;
    platform.memProtect = call.w[0] !== 0;
    return returnInt(call, before ? 1 : 0);
  };
}

/** MEM_PROTECT_CHECK_RANGE (5.15): DENIED for an empty range, one that wraps, and one not wholly protected. */
export function memProtectCheckRange(platform: Platform): Handler {
  return (call) => {
    const { w } = call;
    const ok = isMemory(platform, addressOf(w[0] as number, w[1] as number), addressOf(w[2] as number, w[3] as number));
    return returnInt(call, ok ? Code.SUCCESS : Code.DENIED);
  };
}

/** The one flag of CLEAN_INV_MEMREGION: only the checks are made. */
const DRY_RUN = 1;

/**
 * CLEAN_INV_MEMREGION (drafts of 1.3): INVALID_PARAMETERS for an empty range, one that is not memory and for other flags;
 * RATE_LIMITED when called more often than the attributes say, BUSY while another operation lasts.
 *
 * The memory of a simulated machine is coherent: nothing remains to be written back.
 */
export function cleanInvMemregion(platform: Platform, rules: CleanInvRules): Handler {
  const latency = rules.latency * 1000;
  const interval = rules.rateLimit === 0 ? 0 : 1e9 / rules.rateLimit;
  return (call) => {
    const { w } = call;
    const flags = w[4] as number | 0;
    const base = addressOf(w[0] as number, w[1] as number);
    const ok = isMemory(platform, base, addressOf(w[2] as number, w[3] as number));
    if (!ok || (flags & ~DRY_RUN) !== 0 || w[5] !== 0) return returnInt(call, Code.INVALID_PARAMETERS);
    const now = Number(platform.ports.clock.now());
    if (now < platform.cleanInvEnds) return returnInt(call, Code.BUSY);
    if (now < platform.cleanInvNext) return returnInt(call, Code.RATE_LIMITED);
    if ((flags & DRY_RUN) === 0) {
      platform.cleanInvEnds = now + latency;
      platform.cleanInvNext = now + interval;
    }
    return returnInt(call, Code.SUCCESS);
  };
}

/** CLEAN_INV_MEMREGION_ATTRIBUTES (drafts of 1.3): no CPU rendezvous, so its timeout is 0. */
export function cleanInvAttributes(rules: CleanInvRules): Handler {
  const values = [rules.opType, 0, rules.latency, rules.rateLimit, 0];
  return (call) => {
    const attribute = (call.w[0] as number) >>> 0;
    return returnInt(call, attribute < values.length ? (values[attribute] as number) : Code.INVALID_PARAMETERS);
  };
}

function isMemory(platform: Platform, base: number, length: number): boolean {
  if (base === NO_ADDRESS || length === NO_ADDRESS || length === 0) return false;
  const ranges = platform.profile.memProtect;
  if (ranges !== undefined) return inRanges(ranges, base, length);
  return Number.isSafeInteger(base + length) && platform.ports.memory.has(base as GuestPhysical, length);
}
