import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { GNTST } from '../abi/grant-status.js';
import {
  gnttabGetStatusFrames,
  gnttabGetVersion,
  gnttabQuerySize,
  gnttabSetupTable,
} from '../abi/structures/grant-table.js';
import { fail, type Hypercall, succeed } from '../calls/hypercall.js';
import type { SharedPage } from '../memory/shared-page.js';
import { writeFrames } from './frame-list.js';
import type { SharedTable } from './shared-table.js';

/**
 * GNTTABOP_setup_table: makes the table long enough, and tells at which frames of the domain's its own are.
 *
 * -EINVAL for a count that is not 1. GNTST: bad_domain; permission_denied for another's without the privilege;
 * general_error for more frames than there may be; bad_virt_addr where the list cannot be written.
 */
export function setupTable(call: Hypercall): Outcome {
  return listFrames(call, gnttabSetupTable, (shared, count) => {
    if (count > shared.max) return undefined;
    shared.grow(count);
    return shared.pages;
  });
}

/**
 * GNTTABOP_get_status_frames: where the frames with the status words of a table of version 2 are. Errors as for
 * {@link setupTable}; general_error for more than there are.
 */
export function getStatusFrames(call: Hypercall): Outcome {
  return listFrames(call, gnttabGetStatusFrames, ({ statusPages }, count) =>
    count > statusPages.length ? undefined : statusPages,
  );
}

/** Answers a structure that asks for `count` frames of a table; `pagesOf` gives undefined where there are not so many. */
function listFrames(
  call: Hypercall,
  { at, size }: typeof gnttabSetupTable | typeof gnttabGetStatusFrames,
  pagesOf: (shared: SharedTable, count: number) => readonly SharedPage[] | undefined,
): Outcome {
  const { memory } = call.domain;
  const { words, halves } = call.operand;
  const low = call.w[2] as number;
  const high = call.w[3] as number;
  if (call.w[4] !== 1) return fail(call, ERRNO.EINVAL);
  if (!memory.copyIn(call, low, high, size)) return fail(call, ERRNO.EFAULT);

  const { xen } = call.domain;
  const owner = xen.named(call.domain, halves[at.dom / 2] as number);
  if (owner === undefined) halves[at.status / 2] = GNTST.bad_domain;
  else if (!xen.policy.target(call.domain, owner)) halves[at.status / 2] = GNTST.permission_denied;
  else {
    const count = words[at.nr_frames / 4] as number;
    const list = at.frame_list / 4;
    const [listLow, listHigh] = [words[list] as number, words[list + 1] as number];
    const pages = pagesOf(owner.grants.shared, count);
    const written = pages && writeFrames(call, pages, count, listLow, listHigh);
    halves[at.status / 2] = written ?? GNTST.general_error;
  }
  return memory.copyOutPart(call, low, high, at.status, 2) ? succeed(call) : fail(call, ERRNO.EFAULT);
}

/** GNTTABOP_query_size: frames of a table, and how many there may be. -EINVAL for a count that is not 1. */
export function querySize(call: Hypercall): Outcome {
  const { at, size } = gnttabQuerySize;
  const { domain, operand } = call;
  const low = call.w[2] as number;
  const high = call.w[3] as number;
  if (call.w[4] !== 1) return fail(call, ERRNO.EINVAL);
  if (!domain.memory.copyIn(call, low, high, size)) return fail(call, ERRNO.EFAULT);

  const { words, halves } = operand;
  const owner = domain.xen.named(domain, halves[at.dom / 2] as number);
  if (owner === undefined) halves[at.status / 2] = GNTST.bad_domain;
  else if (!domain.xen.policy.target(domain, owner)) halves[at.status / 2] = GNTST.permission_denied;
  else {
    words[at.nr_frames / 4] = owner.grants.shared.pages.length;
    words[at.max_nr_frames / 4] = owner.grants.shared.max;
    halves[at.status / 2] = GNTST.okay;
  }
  return domain.memory.copyOut(call, low, high, size) ? succeed(call) : fail(call, ERRNO.EFAULT);
}

/** GNTTABOP_get_version: of one's own table, or with the privilege of another's. -ESRCH, -EPERM. */
export function getVersion(call: Hypercall): Outcome {
  const { at, size } = gnttabGetVersion;
  const { domain, operand } = call;
  const low = call.w[2] as number;
  const high = call.w[3] as number;
  if (!domain.memory.copyIn(call, low, high, size)) return fail(call, ERRNO.EFAULT);

  const owner = domain.xen.named(domain, operand.halves[at.dom / 2] as number);
  if (owner === undefined) return fail(call, ERRNO.ESRCH);
  if (!domain.xen.policy.target(domain, owner)) return fail(call, ERRNO.EPERM);
  operand.words[at.version / 4] = owner.grants.shared.version;
  return domain.memory.copyOutPart(call, low, high, at.version, 4) ? succeed(call) : fail(call, ERRNO.EFAULT);
}
