import { GNTMAP } from '../abi/grant-flags.js';
import { GNTST } from '../abi/grant-status.js';
import type { Domain } from '../domain/domain.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { Page } from '../memory/page.js';
import { beginCopy, endCopy } from './copy-grant.js';
import type { GrantTable } from './grant-table.js';
import { beginMapping } from './use.js';

/** A page of another domain's that the host's side has in hand, as the granter sees it. */
export interface ForeignMapping {
  /** By which the mapping is ended. */
  readonly handle: number;
  readonly page: Page;
}

/**
 * Maps a grant for a back end of the host's, with the checks and the marks in the entry that a guest's mapping has, but in
 * no guest's memory. Gives the GNTST where it is refused.
 */
export function mapForeign(
  table: GrantTable,
  granter: Domain,
  ref: number,
  writable: boolean,
): ForeignMapping | number {
  const { domain, maptrack } = table;
  if (!domain.xen.policy.mayTalk(domain, granter)) return GNTST.permission_denied;
  const handle = maptrack.take(0);
  if (handle < 0) return GNTST.no_space;
  const begun = beginMapping(granter.grants, ref >>> 0, !writable, domain.id);
  if (begun !== GNTST.okay) {
    maptrack.give(handle);
    return begun;
  }
  const active = granter.grants.active(ref >>> 0);
  const flags = writable ? GNTMAP.host_map : GNTMAP.host_map | GNTMAP.readonly;
  maptrack.record(handle, flags, granter.grants, ref >>> 0, active);
  return { handle, page: active.page as Page };
}

/** Copies between the host's memory and a page that a domain granted. GNTST as for GNTTABOP_copy. */
export function copyForeign(
  table: GrantTable,
  granter: Domain,
  ref: number,
  offset: number,
  bytes: Uint8Array,
  direction: 'from' | 'to',
): number {
  const { domain } = table;
  if (!domain.xen.policy.mayTalk(domain, granter)) return GNTST.permission_denied;
  const readonly = direction === 'from';
  const begun = beginCopy(granter.grants, ref >>> 0, readonly, domain.id, true);
  if (begun !== GNTST.okay) return begun > 0 ? GNTST.eagain : begun;
  const { start, length, page } = granter.grants.active(ref >>> 0);
  const end = offset + bytes.length;
  let status: number = GNTST.okay;
  if (end > PAGE_BYTES) status = GNTST.bad_copy_arg;
  else if (offset < start || end > start + length) status = GNTST.general_error;
  else if (readonly) (page as Page).read(offset, bytes);
  else (page as Page).write(offset, bytes);
  endCopy(granter.grants, ref >>> 0, readonly);
  return status;
}
