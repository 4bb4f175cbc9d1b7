import { ERRNO } from '../abi/errno.js';
import { GTF } from '../abi/grant-flags.js';
import { GNTST } from '../abi/grant-status.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { ActiveGrant } from './active-grant.js';
import { claimEntry, reduceEntry } from './entry-status.js';
import type { GrantTable } from './grant-table.js';
import { endUse } from './use.js';

/**
 * Begins a copy from or to the page of an entry (grant_table.c, acquire_grant_for_copy); {@link endCopy} ends it.
 *
 * GNTST as for a mapping, and: bad_domain where the granter is dying; general_error for a transitive grant behind a
 * transitive one, of its own granter's or of a domain that is not there. `ERESTART` (positive) where the entry is in use
 * for another page than it gives now.
 */
export function beginCopy(table: GrantTable, ref: number, readonly: boolean, user: number, mayPassOn: boolean): number {
  const { shared } = table;
  if (ref >= shared.entries) return GNTST.bad_gntref;
  const active = table.active(ref);
  if (active.isPinned && (active.user !== user || active.isFull(readonly))) return GNTST.general_error;

  let begun: number;
  if (shared.version === 2 && (shared.header(ref) & GTF.type) === GTF.transitive) {
    begun = beginTransitive(table, ref, active, readonly, user, mayPassOn);
  } else if (isCovered(active, readonly)) {
    begun = table.domain.isDying ? GNTST.bad_domain : GNTST.okay;
    if (begun !== GNTST.okay) reduceEntry(shared, ref, active, readonly);
  } else {
    begun = beginDirect(table, ref, active, readonly, user);
  }
  if (begun === GNTST.okay) active.pin(readonly);
  return begun;
}

/** Ends a copy, at the entry and at the one behind a transitive grant (grant_table.c, release_grant_for_copy). */
export function endCopy(table: GrantTable, ref: number, readonly: boolean): void {
  const active = table.active(ref);
  const { origin, originRef } = active;
  endUse(table, ref, active, readonly);
  if (origin !== undefined && origin !== table) endUse(origin, originRef, origin.active(originRef), readonly);
}

/** Whether the entry is in use already in a way that needs nothing more of it. */
function isCovered(active: ActiveGrant, readonly: boolean): boolean {
  return active.isPinned && (readonly || active.writers !== 0);
}

/** A page of the granter's own, or a part of it. */
function beginDirect(table: GrantTable, ref: number, active: ActiveGrant, readonly: boolean, user: number): number {
  const { shared } = table;
  const claimed = claimEntry(shared, ref, active, readonly, false, user);
  if (claimed !== GNTST.okay) return claimed;

  const isPart = shared.version === 2 && (shared.header(ref) & GTF.sub_page) !== 0;
  const frame = shared.frame(ref);
  const page = table.domain.memory.takeReference(frame);
  if (page === undefined) {
    reduceEntry(shared, ref, active, readonly);
    return GNTST.bad_page;
  }
  const part = isPart ? shared.second(ref) : PAGE_BYTES << 16;
  const start = part & PART_START;
  const length = part >>> 16;
  if (!active.isPinned) {
    active.user = user;
    active.isPart = isPart;
    active.start = start;
    active.length = length;
    active.frame = frame;
    active.page = page;
    active.origin = table;
    active.originRef = ref;
    return GNTST.okay;
  }

  // The entry keeps the reference that it has.
  page.drop();
  const isSamePart = !active.isPart || (isPart && active.start === start && active.length === length);
  if (active.page === page && active.origin === table && active.originRef === ref && isSamePart) return GNTST.okay;
  reduceEntry(shared, ref, active, readonly);
  return GNTST.general_error;
}

/** Bits of the start of a part that an active entry keeps (grant_table.c, struct active_grant_entry). */
const PART_START = 0x7fff;

/** A page that somebody else granted to the granter, who passes it on. One such step is allowed, for copies only. */
function beginTransitive(
  table: GrantTable,
  ref: number,
  active: ActiveGrant,
  readonly: boolean,
  user: number,
  mayPassOn: boolean,
): number {
  const { shared } = table;
  if (!isCovered(active, readonly)) {
    const claimed = claimEntry(shared, ref, active, readonly, false, user);
    if (claimed !== GNTST.okay) return claimed;
  }
  const begun = mayPassOn ? beginBehind(table, ref, active, readonly, user) : GNTST.general_error;
  if (begun !== GNTST.okay) reduceEntry(shared, ref, active, readonly);
  return begun;
}

function beginBehind(table: GrantTable, ref: number, active: ActiveGrant, readonly: boolean, user: number): number {
  const { domain, shared } = table;
  const domainBehind = shared.second(ref) & 0xffff;
  const refBehind = shared.behind(ref);
  if (domainBehind === domain.id) return GNTST.general_error;
  const origin = domain.xen.domain(domainBehind)?.grants;
  if (origin === undefined) return GNTST.general_error;

  const begun = beginCopy(origin, refBehind, readonly, domain.id, false);
  if (begun !== GNTST.okay) return begun;
  const behind = origin.active(refBehind);
  if (!active.isPinned) {
    active.user = user;
    // A part in any case, which nobody may map.
    active.isPart = true;
    active.start = behind.start;
    active.length = behind.length;
    active.frame = behind.frame;
    active.page = behind.page;
    active.origin = origin;
    active.originRef = refBehind;
    return GNTST.okay;
  }
  const isSame =
    active.page === behind.page &&
    active.start === behind.start &&
    active.length === behind.length &&
    active.origin === origin &&
    active.originRef === refBehind &&
    active.isPart;
  if (isSame) return GNTST.okay;
  endCopy(origin, refBehind, readonly);
  return ERRNO.ERESTART;
}
