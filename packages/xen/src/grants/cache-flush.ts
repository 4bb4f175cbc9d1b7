import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { GNTTAB_CACHE } from '../abi/grant-flags.js';
import { gnttabCacheFlush } from '../abi/structures/grant-table.js';
import { fail, type Hypercall, succeed } from '../calls/hypercall.js';
import type { Domain } from '../domain/domain.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { isAnyRam } from '../memory/page-types.js';
import { ENTRIES_PER_STEP, SEARCHED_PER_STEP } from './limits.js';
import { again } from './list.js';
import { frameAt, machineHigh, machineLow, ownerAt } from './machine-address.js';

const { at, size } = gnttabCacheFlush;
const ADDRESS = at.a / 4;
const OFFSET = at.offset / 2;
const LENGTH = at.length / 2;
const OP = at.op / 4;

/** What the search for a mapping gives when it is not at its end. */
const SEARCH_ON = 1;

/**
 * GNTTABOP_cache_flush: cleans or invalidates part of a page that is the caller's own or granted to it, given by its
 * machine address. There is no cache to be cleaned here: the call is checked and answered. Where in the granter's table
 * the search for the mapping stands is in the upper bits of the command.
 *
 * -EINVAL for a range beyond the page, other operations, an address without memory, and a page of another domain's that is
 * not granted to the caller; -EPERM for memory that belongs to no domain; -EILSEQ for a search that had nothing to find;
 * -EFAULT.
 */
export function cacheFlush(call: Hypercall, command: number, searched: number): Outcome {
  const { w } = call;
  const { memory } = call.domain;
  const count = w[4] as number;
  let low = w[2] as number;
  let high = w[3] as number;
  let from = searched;
  let steps = 0;
  for (let i = 0; i < count; i++) {
    if (steps >= ENTRIES_PER_STEP) return again(call, command, low, high, count - i);
    if (!memory.copyIn(call, low, high, size)) return fail(call, ERRNO.EFAULT);
    for (let result = flush(call, from); result !== 0; result = flush(call, from)) {
      if (result < 0) return fail(call, -result);
      from += SEARCHED_PER_STEP;
      steps++;
    }
    steps++;
    from = 0;
    const next = (low + size) >>> 0;
    if (next < low) high = (high + 1) >>> 0;
    low = next;
  }
  return succeed(call);
}

/** One structure (grant_table.c, _cache_flush): 0, {@link SEARCH_ON}, or a negated error. */
function flush(call: Hypercall, from: number): number {
  const { words, halves } = call.operand;
  const offset = halves[OFFSET] as number;
  const length = halves[LENGTH] as number;
  const op = words[OP] as number;
  if (offset >= PAGE_BYTES || offset + length > PAGE_BYTES) return -ERRNO.EINVAL;
  if ((op & ~(GNTTAB_CACHE.clean | GNTTAB_CACHE.inval)) !== 0) return -ERRNO.EINVAL;
  if (length === 0 || op === 0) return from === 0 ? 0 : -ERRNO.EILSEQ;

  const low = words[ADDRESS] as number;
  const high = words[ADDRESS + 1] as number;
  const owner = ownerOfPage(call.domain, low, high);
  if (typeof owner === 'number') return owner;
  return owner === call.domain ? 0 : findMapping(call.domain, owner, low, high, from);
}

/** Whose page is at a machine address, or a negated error. */
function ownerOfPage(caller: Domain, low: number, high: number): Domain | number {
  const { xen } = caller;
  const number = ownerAt(high);
  const frame = frameAt(low, high);
  if (number >= 0) {
    const owner = xen.domain(number);
    return owner === undefined || owner.isDirectMapped ? -ERRNO.EINVAL : owner;
  }
  for (const domain of xen.domains) {
    if (domain.isDirectMapped && isAnyRam(domain.memory.typeOf(frame))) return domain;
  }
  const { maximumRamPage, totalPages } = xen.host;
  return frame < maximumRamPage && frame >= maximumRamPage - totalPages ? -ERRNO.EPERM : -ERRNO.EINVAL;
}

/** Whether an entry of the owner's gives this page to the caller at the moment (grant_map_exists). */
function findMapping(caller: Domain, owner: Domain, low: number, high: number, from: number): number {
  const { grants } = owner;
  const { entries } = grants.shared;
  const end = Math.min(from + SEARCHED_PER_STEP, entries);
  for (let ref = grants.nextInUse(from, end); ref >= 0; ref = grants.nextInUse(ref + 1, end)) {
    const active = grants.active(ref);
    const isHere = machineLow(active.frame) >>> 12 === low >>> 12 && machineHigh(owner, active.frame) === high;
    if (isHere && active.user === caller.id && active.origin === grants) return 0;
  }
  return end < entries ? SEARCH_ON : -ERRNO.EINVAL;
}
