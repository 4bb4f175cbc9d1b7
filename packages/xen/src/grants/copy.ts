import type { Outcome } from '@trapline/core';
import { GNTCOPY } from '../abi/grant-flags.js';
import { GNTST } from '../abi/grant-status.js';
import { gnttabCopy, gnttabCopyPtr } from '../abi/structures/grant-table.js';
import type { Hypercall } from '../calls/hypercall.js';
import type { Domain } from '../domain/domain.js';
import { frameOf, PAGE_BYTES } from '../memory/frames.js';
import type { Page } from '../memory/page.js';
import type { CopyOperand } from './copy-operand.js';
import { eachOf, type ListOperation } from './list.js';
import { copyBytes } from './page-bytes.js';

const { at, size } = gnttabCopy;
const SOURCE = at.source / 4;
const DEST = at.dest / 4;
const DOMID = gnttabCopyPtr.at.domid / 2;
const OFFSET = gnttabCopyPtr.at.offset / 2;
const LENGTH = at.len / 2;
const FLAGS = at.flags / 2;
const STATUS = at.status / 2;

const copyOne: ListOperation = {
  size,
  writtenAt: at.status,
  writtenBytes: 2,
  one: (call) => {
    const { source, dest } = call.domain.grants;
    let status = tryOne(call, source, dest);
    if (status > 0) {
      // Xen lets the caller come again for ever while the granter keeps changing the entry. Here once is enough.
      source.release();
      dest.release();
      status = tryOne(call, source, dest);
      if (status > 0) status = GNTST.eagain;
    }
    if (status !== GNTST.okay) {
      source.release();
      dest.release();
    }
    call.operand.halves[STATUS] = status;
  },
};

/** GNTTABOP_copy: the pages of one entry are kept for the next, and let go at the end of the step. */
export function copyList(call: Hypercall): Outcome {
  const { source, dest } = call.domain.grants;
  const outcome = eachOf(call, copyOne);
  source.release();
  dest.release();
  source.domain = undefined;
  dest.domain = undefined;
  return outcome;
}

/** One copy (grant_table.c, gnttab_copy_one): domains, then the source, then the destination, then the bounds. */
function tryOne(call: Hypercall, source: CopyOperand, dest: CopyOperand): number {
  const { halves } = call.operand;
  const length = halves[LENGTH] as number;
  if (length === 0 && !call.domain.xen.profile.grants.checksEmptyCopies) return GNTST.okay;
  const flags = halves[FLAGS] as number;
  const fromGrant = (flags & GNTCOPY.source_gref) !== 0;
  const toGrant = (flags & GNTCOPY.dest_gref) !== 0;
  const named = nameBoth(call, source, fromGrant, dest, toGrant);
  if (named !== GNTST.okay) return named;
  const held = hold(call, source, SOURCE, fromGrant) || hold(call, dest, DEST, toGrant);
  if (held !== GNTST.okay) return held;

  const from = halves[2 * SOURCE + OFFSET] as number;
  const to = halves[2 * DEST + OFFSET] as number;
  if (from + length > PAGE_BYTES || to + length > PAGE_BYTES) return GNTST.bad_copy_arg;
  if (!source.covers(from, length) || !dest.covers(to, length)) return GNTST.general_error;
  copyBytes(source.page as Page, from, dest.page as Page, to, length);
  return GNTST.okay;
}

/**
 * Names both domains, unless they are those of the entry before. That a frame is the caller's own is looked at each time;
 * Xen does so only when it names them, so that behind a grant of a domain the same list may give any frame of it.
 */
function nameBoth(
  call: Hypercall,
  source: CopyOperand,
  fromGrant: boolean,
  dest: CopyOperand,
  toGrant: boolean,
): number {
  const { domain, operand } = call;
  const from = operand.halves[2 * SOURCE + DOMID] as number;
  const to = operand.halves[2 * DEST + DOMID] as number;
  if (source.isNamed(from, fromGrant) && dest.isNamed(to, toGrant)) return GNTST.okay;
  source.release();
  dest.release();
  let status = source.name(domain, from, fromGrant) || dest.name(domain, to, toGrant);
  if (status === GNTST.okay && !domain.xen.policy.mayTalk(source.domain as Domain, dest.domain as Domain)) {
    status = GNTST.permission_denied;
  }
  if (status !== GNTST.okay) {
    source.domain = undefined;
    dest.domain = undefined;
  }
  return status;
}

/** Holds the page that the entry asks for, if it is not the one in hand. */
function hold(call: Hypercall, side: CopyOperand, at: number, isGrant: boolean): number {
  const { words } = call.operand;
  const low = words[at] as number;
  if (isGrant) {
    if (side.hasGrant(low)) return GNTST.okay;
    side.release();
    return side.holdGrant(call.domain, low);
  }
  const frame = frameOf(low, words[at + 1] as number);
  if (side.hasFrame(frame)) return GNTST.okay;
  side.release();
  return side.holdFrame(frame);
}
