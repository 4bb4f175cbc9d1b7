import { GTF } from '../abi/grant-flags.js';
import { GNTST } from '../abi/grant-status.js';
import type { ActiveGrant } from './active-grant.js';
import { ENTRY_TRIES } from './limits.js';
import type { SharedTable } from './shared-table.js';

const {
  permit_access: PERMIT_ACCESS,
  transitive: TRANSITIVE,
  type: TYPE,
  sub_page: SUB_PAGE,
  readonly: READONLY,
  reading: READING,
  writing: WRITING,
} = GTF;
const { okay: OKAY, general_error: GENERAL_ERROR } = GNTST;

/**
 * Checks that an entry permits a use and marks it as used, in one indivisible step with what was checked
 * (grant_table.c, _set_status). `mapping` is false for copies, which parts of pages and transitive grants permit too.
 *
 * While the entry is in use already, its owner cannot take back type and domain; GTF_readonly counts all the same.
 */
export function claimEntry(
  shared: SharedTable,
  ref: number,
  active: ActiveGrant,
  readonly: boolean,
  mapping: boolean,
  user: number,
): number {
  return shared.version === 1
    ? claimV1(shared, ref, active, readonly, mapping, user)
    : claimV2(shared, ref, active, readonly, mapping, user);
}

/** Takes back from the entry what no user needs any more (grant_table.c, reduce_status_for_pin). */
export function reduceEntry(shared: SharedTable, ref: number, active: ActiveGrant, readonly: boolean): void {
  // A table that has become shorter since has no such entry.
  if (ref >= shared.entries) return;
  let clear = active.isPinned ? 0 : READING;
  if (!readonly && active.writers === 0) clear |= WRITING;
  if (clear !== 0) shared.clearStatus(ref, clear);
}

/** Flags and status are one word with the domain: it is replaced only if it is what was looked at. */
function claimV1(
  shared: SharedTable,
  ref: number,
  active: ActiveGrant,
  readonly: boolean,
  mapping: boolean,
  user: number,
): number {
  const words = shared.words(ref);
  const at = shared.at(ref);
  const typeMask = mapping ? TYPE | SUB_PAGE : TYPE;
  const used = readonly ? READING : READING | WRITING;
  let header = words.load(at);
  for (let tries = 0; tries < ENTRY_TRIES; tries++) {
    if (!active.isPinned && ((header & typeMask) !== PERMIT_ACCESS || header >>> 16 !== user)) {
      return GENERAL_ERROR;
    }
    if (!readonly && (header & READONLY) !== 0) return GENERAL_ERROR;
    const found = words.compareExchange(at, header, header | used);
    if (found === header) return OKAY;
    header = found;
  }
  return GENERAL_ERROR;
}

/** The status word is another than the flags': the guest sees it set before the flags are looked at once more. */
function claimV2(
  shared: SharedTable,
  ref: number,
  active: ActiveGrant,
  readonly: boolean,
  mapping: boolean,
  user: number,
): number {
  const before = shared.header(ref);
  if (!active.isPinned && !permits(before, mapping, user)) return GENERAL_ERROR;
  if (!readonly && (before & READONLY) !== 0) return GENERAL_ERROR;
  shared.setStatus(ref, readonly ? READING : READING | WRITING);

  const after = shared.header(ref);
  if (!active.isPinned) {
    if (permits(after, mapping, user) && (readonly || (after & READONLY) === 0)) return OKAY;
    shared.clearStatus(ref, READING | WRITING);
    return GENERAL_ERROR;
  }
  if ((after & READONLY) === 0) return OKAY;
  shared.clearStatus(ref, WRITING);
  return GENERAL_ERROR;
}

function permits(header: number, mapping: boolean, user: number): boolean {
  if (header >>> 16 !== user) return false;
  const type = header & (mapping ? TYPE | SUB_PAGE : TYPE);
  return type === PERMIT_ACCESS || (!mapping && type === TRANSITIVE);
}
