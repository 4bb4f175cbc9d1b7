import { GNTMAP } from '../abi/grant-flags.js';
import { GNTST } from '../abi/grant-status.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { ActiveGrant } from './active-grant.js';
import { claimEntry, reduceEntry } from './entry-status.js';
import type { GrantTable } from './grant-table.js';
import type { Maptrack } from './maptrack.js';

const { okay: OKAY } = GNTST;
const { readonly: READONLY } = GNTMAP;

/**
 * Begins a mapping of an entry by a domain (grant_table.c, map_grant_ref up to the mapping itself): the entry's page is
 * held, and the entry says that it is used, until {@link endUse}.
 *
 * GNTST: bad_gntref beyond the table; general_error for an entry that does not permit it, or that is in use by another
 * domain, for copies of a part, or too often; bad_page where the granter has no page of its own at the frame.
 */
export function beginMapping(table: GrantTable, ref: number, readonly: boolean, user: number): number {
  const { shared } = table;
  if (ref >= shared.entries) return GNTST.bad_gntref;
  const active = table.active(ref);
  if (active.isPinned && (active.user !== user || active.isFull(readonly) || active.isPart)) return GNTST.general_error;

  if (!active.isPinned || (!readonly && active.writers === 0)) {
    const claimed = claimEntry(shared, ref, active, readonly, true, user);
    if (claimed !== OKAY) return claimed;
    if (!active.isPinned) {
      const frame = shared.frame(ref);
      const page = table.domain.memory.takeReference(frame);
      if (page === undefined) {
        reduceEntry(shared, ref, active, readonly);
        return GNTST.bad_page;
      }
      active.user = user;
      active.isPart = false;
      active.start = 0;
      active.length = PAGE_BYTES;
      active.frame = frame;
      active.page = page;
      active.origin = table;
      active.originRef = ref;
    }
  }
  active.pin(readonly);
  return OKAY;
}

/** Ends a mapping by its handle: okay, or bad_handle. */
export function endMapping(maptrack: Maptrack, handle: number): number {
  const mapping = maptrack.at(handle);
  if (mapping === undefined || mapping.flags === 0) return GNTST.bad_handle;
  const { granter, ref, active, flags } = mapping;
  maptrack.give(handle);
  if (granter !== undefined && active?.isPinned) endUse(granter, ref, active, (flags & READONLY) !== 0);
  return OKAY;
}

/** Ends a mapping or a copy: what no other user needs is taken back from the entry, and the page let go. */
export function endUse(table: GrantTable, ref: number, active: ActiveGrant, readonly: boolean): void {
  active.unpin(readonly);
  reduceEntry(table.shared, ref, active, readonly);
  if (active.isPinned) return;
  const { page, origin } = active;
  active.page = undefined;
  active.origin = undefined;
  // The page of a transitive grant is held by the entry behind it.
  if (origin === table) page?.drop();
}
