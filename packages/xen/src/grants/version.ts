import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { GNTTAB_RESERVED, GTF } from '../abi/grant-flags.js';
import { gnttabSetVersion } from '../abi/structures/grant-table.js';
import { SHUTDOWN } from '../abi/structures/sched.js';
import { answer, fail, type Hypercall } from '../calls/hypercall.js';
import { NO_FRAME } from '../memory/frames.js';
import type { GrantTable } from './grant-table.js';
import { clearPage, type SharedTable } from './shared-table.js';

const USED = GTF.reading | GTF.writing;

/**
 * GNTTABOP_set_version: the layout of the caller's own table. All entries become empty, but for the reserved first ones.
 * The structure says afterwards which version it is, also where the call fails.
 *
 * -EINVAL for another version than 1 and 2; -ENOSYS for 2 where the build has no more than 1; -EBUSY while an entry that
 * is not reserved is in use; -ERANGE for reserved entries that version 1 cannot say.
 */
export function setVersion(call: Hypercall): Outcome {
  const { size } = gnttabSetVersion;
  const { domain, operand } = call;
  const low = call.w[2] as number;
  const high = call.w[3] as number;
  if (!domain.memory.copyIn(call, low, high, size)) return fail(call, ERRNO.EFAULT);

  const result = change(domain.grants, operand.words[0] as number);
  operand.words[0] = domain.grants.shared.version;
  return domain.memory.copyOut(call, low, high, size) ? answer(call, result) : fail(call, ERRNO.EFAULT);
}

function change(table: GrantTable, version: number): number {
  const { shared } = table;
  if (version !== 1 && version !== 2) return -ERRNO.EINVAL;
  if (version > table.domain.xen.profile.grantVersion) return -ERRNO.ENOSYS;
  if (version === shared.version) return 0;
  if (table.nextInUse(GNTTAB_RESERVED.entries, shared.entries) >= 0) return -ERRNO.EBUSY;
  return version === 2 ? toVersion2(shared) : toVersion1(table);
}

function toVersion2(shared: SharedTable): number {
  const kept: number[] = [];
  for (let ref = 0; ref < GNTTAB_RESERVED.entries; ref++) kept.push(shared.header(ref), shared.frame(ref));
  shared.pages.forEach(clearPage);
  shared.version = 2;
  shared.grow(shared.pages.length);
  for (let ref = 0; ref < GNTTAB_RESERVED.entries; ref++) {
    const header = kept[2 * ref] as number;
    const words = shared.words(ref);
    const at = shared.at(ref);
    shared.setStatus(ref, header & USED);
    words.store(at, header & ~USED);
    words.store(at + 2, (kept[2 * ref + 1] as number) | 0);
  }
  return 0;
}

function toVersion1(table: GrantTable): number {
  const { shared } = table;
  const kept: number[] = [];
  for (let ref = 0; ref < GNTTAB_RESERVED.entries; ref++) {
    const words = shared.words(ref);
    const at = shared.at(ref);
    const header = words.load(at);
    const type = header & GTF.type;
    const isSayable = type !== GTF.transitive && (type !== GTF.permit_access || words.load(at + 3) === 0);
    if (!isSayable) return -ERRNO.ERANGE;
    if (type === GTF.permit_access) kept.push(header | shared.readStatus(ref), words.load(at + 2));
    else kept.push(0, 0);
  }
  const dropped = dropStatusPages(table);
  if (dropped !== 0) return dropped;
  shared.pages.forEach(clearPage);
  shared.version = 1;
  for (let ref = 0; ref < GNTTAB_RESERVED.entries; ref++) {
    const words = shared.words(ref);
    const at = shared.at(ref);
    words.store(at, kept[2 * ref] as number);
    words.store(at + 1, kept[2 * ref + 1] as number);
  }
  return 0;
}

/**
 * Takes the status frames out of the domain's memory. A guest that has granted one of them, or put something that Xen
 * cannot take away in its place, is ended: there is no way back (gnttab_unpopulate_status_frames).
 */
function dropStatusPages({ domain, shared }: GrantTable): number {
  for (const page of shared.statusPages) {
    const removed = page.frame === NO_FRAME ? 0 : domain.memory.map.remove(page.frame, page);
    if (removed === 0 && page.references === 0) continue;
    domain.shutdown(SHUTDOWN.crash);
    return removed === 0 ? -ERRNO.EBUSY : removed;
  }
  shared.statusPages.length = 0;
  return 0;
}
