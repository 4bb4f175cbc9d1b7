import type { Outcome } from '@trapline/core';
import { ERRNO } from '../../abi/errno.js';
import { GRANT_RESOURCE, XENMEM_RESOURCE, xenMemAcquireResource } from '../../abi/structures/memory.js';
import { fail, type Hypercall, type Operation, succeed } from '../../calls/hypercall.js';
import type { Domain } from '../../domain/domain.js';
import { STATUS_FRAME_INDEX } from '../../grants/grant-table.js';
import { FRAMES_PER_STATUS } from '../../grants/limits.js';
import { frameOf } from '../frames.js';
import type { SharedPage } from '../shared-page.js';
import { goOnAt, MAX_EXTENT, PAGES_PER_STEP, startExtent } from './extents.js';

const { at, size } = xenMemAcquireResource;
const DOMID = at.domid / 2;
const TYPE = at.type / 2;
const ID = at.id / 4;
const COUNT = at.nrFrames / 4;
const PAD = at.pad / 4;
const FRAME = at.frame / 4;
const LIST = at.frameList / 4;

/** Frames that are asked for and mapped at once. */
const STRIDE = 32;
/** Where their numbers are copied to: behind the structure. */
const ITEMS = 64;

/**
 * XENMEM_acquire_resource: maps what belongs to a domain but not to its map, here its grant table, into the caller. A null
 * list asks for the size. -EFAULT; -EINVAL for padding and frames beyond 32 bits; -ESRCH; -EPERM for oneself, and for all
 * but the control domain; -EINVAL for a resource that the domain does not have, and for counts that do not fit; -EIO where
 * the first frames of a list are mapped and a later one cannot be.
 */
export const acquireResource: Operation = (call) => {
  const { domain: caller, operand, w } = call;
  const { words } = operand;
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  if (words[PAD] !== 0) return fail(call, ERRNO.EINVAL);
  const count = words[COUNT] as number;
  const frame = words[FRAME] as number;
  if (words[FRAME + 1] !== 0 || frame + count > 0xffff_ffff) return fail(call, ERRNO.EINVAL);
  const domain = caller.xen.domain(operand.halves[DOMID] as number);
  if (domain === undefined) return fail(call, ERRNO.ESRCH);
  if (domain === caller || !caller.xen.policy.privileged(caller)) return fail(call, ERRNO.EPERM);

  const most = maxFrames(domain, operand.halves[TYPE] as number, words[ID] as number);
  if (most === 0) return fail(call, ERRNO.EINVAL);
  const start = startExtent(call);
  if (((words[LIST] as number) | (words[LIST + 1] as number)) === 0) {
    if (count !== 0 || start !== 0) return fail(call, ERRNO.EINVAL);
    words[COUNT] = most;
    const told = caller.memory.copyOutPart(call, w[2] as number, w[3] as number, at.nrFrames, 4);
    return told ? succeed(call) : fail(call, ERRNO.EFAULT);
  }
  if (start >= count || count > MAX_EXTENT) return fail(call, ERRNO.EINVAL);
  return mapFrames(call, domain, frame, start, count);
};

/**
 * resource_max_frames: the frames that a resource can have. Builds without device models and tracing have none of those
 * (0); what nobody knows has -EOPNOTSUPP of them in 4.17, which is a large number.
 */
function maxFrames(domain: Domain, type: number, id: number): number {
  if (type === XENMEM_RESOURCE.ioreqServer || type === XENMEM_RESOURCE.vmtraceBuf) return 0;
  if (type !== XENMEM_RESOURCE.grantTable) {
    return domain.xen.profile.memory.sizesUnknownResources ? -ERRNO.EOPNOTSUPP >>> 0 : 0;
  }
  const { maxGrantFrames } = domain.config;
  if (id === GRANT_RESOURCE.shared) return maxGrantFrames;
  const hasStatus = id === GRANT_RESOURCE.status && domain.xen.profile.grantVersion === 2;
  return hasStatus ? Math.ceil(maxGrantFrames / FRAMES_PER_STATUS) : 0;
}

function mapFrames(call: Hypercall, domain: Domain, frame: number, start: number, count: number): Outcome {
  const { domain: caller, operand } = call;
  const { words, halves } = operand;
  const [low, high] = [words[LIST] as number, words[LIST + 1] as number];
  if (halves[TYPE] !== XENMEM_RESOURCE.grantTable) return fail(call, ERRNO.EOPNOTSUPP);
  for (let i = start; i < count; i += STRIDE) {
    if (i - start >= PAGES_PER_STEP) return goOnAt(call, i);
    const part = Math.min(STRIDE, count - i);
    // The table grows for the last of them before any is mapped.
    if (grantFrame(domain, words[ID] as number, frame + i + part - 1) === undefined) return fail(call, ERRNO.EINVAL);
    if (!copyList(call, low, high, i, part)) return fail(call, ERRNO.EFAULT);
    for (let j = 0; j < part; j++) {
      const page = grantFrame(domain, words[ID] as number, frame + i + j) as SharedPage;
      const at = ITEMS / 4 + 2 * j;
      const result = caller.memory.mapForeign(frameOf(words[at] as number, words[at + 1] as number), page, true);
      if (result !== 0) return fail(call, j === 0 ? -result : ERRNO.EIO);
    }
  }
  return succeed(call);
}

/** A frame of a grant table; undefined beyond what it has and may have. */
function grantFrame({ grants }: Domain, id: number, frame: number): SharedPage | undefined {
  if (frame >= STATUS_FRAME_INDEX) return undefined;
  if (id === GRANT_RESOURCE.shared) return grants.frames(frame);
  return grants.shared.version === 2 ? grants.frames(STATUS_FRAME_INDEX + frame) : undefined;
}

function copyList(call: Hypercall, low: number, high: number, first: number, count: number): boolean {
  const { memory } = call.domain;
  for (let i = 0; i < count; i++) {
    if (!memory.copyItemIn(call, low, high, first + i, 8, ITEMS + 8 * i)) return false;
  }
  return true;
}
