import type { Outcome } from '@trapline/core';
import { ERRNO } from '../../abi/errno.js';
import { XENMAPSPACE, xenAddToPhysmap, xenRemoveFromPhysmap } from '../../abi/structures/memory.js';
import { answer, fail, type Hypercall, type Operation } from '../../calls/hypercall.js';
import type { Domain } from '../../domain/domain.js';
import { frameOf, isInvalidFrame } from '../frames.js';
import { startExtent } from './extents.js';
import { place } from './place.js';

const ADD_DOMID = xenAddToPhysmap.at.domid / 2;
const ADD_SIZE = xenAddToPhysmap.at.size / 2;
const ADD_SPACE = xenAddToPhysmap.at.space / 4;
const ADD_INDEX = xenAddToPhysmap.at.idx / 4;
const ADD_FRAME = xenAddToPhysmap.at.gpfn / 4;
const REMOVE_DOMID = xenRemoveFromPhysmap.at.domid / 2;
const REMOVE_FRAME = xenRemoveFromPhysmap.at.gpfn / 4;

/** The largest count of a range or batch, and so the last place where one can go on. */
export const MAX_SIZE = 0xffff;

/**
 * XENMEM_add_to_physmap: maps a page of Xen's, or a device's, into a domain. Beside {@link place}'s codes: -EDOM for a
 * place to go on that no size reaches, -EFAULT, -ENOSYS for foreign pages, which only a batch maps, -ESRCH, -EACCES for a
 * device of another's, -EPERM.
 */
export const addToPhysmap: Operation = (call) => {
  const { domain: caller, operand, w } = call;
  const { words, halves } = operand;
  const start = startExtent(call);
  if (start > MAX_SIZE) return fail(call, ERRNO.EDOM);
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, xenAddToPhysmap.size))
    return fail(call, ERRNO.EFAULT);
  const space = words[ADD_SPACE] as number;
  if (space === XENMAPSPACE.gmfnForeign) return fail(call, ERRNO.ENOSYS);
  const domain = caller.xen.named(caller, halves[ADD_DOMID] as number);
  if (domain === undefined) return fail(call, ERRNO.ESRCH);
  const refused = refusedSpace(caller, domain, space);
  if (refused !== 0) return fail(call, refused);
  const low = words[ADD_FRAME] as number;
  const high = words[ADD_FRAME + 1] as number;
  if (isInvalidFrame(low, high)) return fail(call, ERRNO.EINVAL);
  if (space === XENMAPSPACE.gmfnRange) return addRange(call, start);
  const indexLow = words[ADD_INDEX] as number;
  const indexHigh = words[ADD_INDEX + 1] as number;
  return answer(call, place(caller, domain, space, 0, indexLow, indexHigh, frameOf(low, high)));
};

/** What a caller may not map into a domain (xatp_permission_check): 0, or the error. */
export function refusedSpace(caller: Domain, domain: Domain, space: number): number {
  if (space === XENMAPSPACE.devMmio && !(domain.privileged && domain === caller)) return ERRNO.EACCES;
  return caller.xen.policy.target(caller, domain) ? 0 : ERRNO.EPERM;
}

/** A range of the domain's own frames: ARM has no space of single ones, so only an empty one can be moved. */
function addRange(call: Hypercall, start: number): Outcome {
  const { words, halves } = call.operand;
  const count = halves[ADD_SIZE] as number;
  if (count < start) return fail(call, ERRNO.EILSEQ);
  if (wraps(words, ADD_FRAME, count) || wraps(words, ADD_INDEX, count)) return fail(call, ERRNO.EOVERFLOW);
  return answer(call, count === start ? 0 : -ERRNO.ENOSYS);
}

function wraps(words: Uint32Array, at: number, count: number): boolean {
  return words[at + 1] === 0xffff_ffff && (words[at] as number) + count > 0xffff_ffff;
}

/**
 * XENMEM_remove_from_physmap: makes a frame a hole, whatever of the domain's is there; RAM that loses its frame so still
 * counts. -EINVAL for a place to go on, -EFAULT, -ESRCH, -EPERM, -ENOENT where nothing of the domain's is: holes,
 * devices, and what others granted.
 */
export const removeFromPhysmap: Operation = (call) => {
  const { domain: caller, operand, w } = call;
  if (startExtent(call) !== 0) return fail(call, ERRNO.EINVAL);
  const { size } = xenRemoveFromPhysmap;
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  const domain = caller.xen.named(caller, operand.halves[REMOVE_DOMID] as number);
  if (domain === undefined) return fail(call, ERRNO.ESRCH);
  if (!caller.xen.policy.target(caller, domain)) return fail(call, ERRNO.EPERM);
  const frame = frameOf(operand.words[REMOVE_FRAME] as number, operand.words[REMOVE_FRAME + 1] as number);
  const { memory } = domain;
  if (memory.map.isUntouched(frame)) return answer(call, memory.map.clear(frame));
  const page = memory.anyPage(frame);
  return page === undefined ? fail(call, ERRNO.ENOENT) : answer(call, memory.map.remove(frame, page));
};
