import type { Outcome } from '@trapline/core';
import { ERRNO } from '../../abi/errno.js';
import { XENMAPSPACE, xenAddToPhysmapBatch } from '../../abi/structures/memory.js';
import { fail, type Hypercall, type Operation, succeed } from '../../calls/hypercall.js';
import type { Domain } from '../../domain/domain.js';
import { frameOf, isInvalidFrame } from '../frames.js';
import { goOnAt, PAGES_PER_STEP, startExtent } from './extents.js';
import { MAX_SIZE, refusedSpace } from './physmap.js';
import { place } from './place.js';

const { at, size } = xenAddToPhysmapBatch;
const DOMID = at.domid / 2;
const SPACE = at.space / 2;
const SIZE = at.size / 2;
const EXTRA = at.u / 2;
const INDEXES = at.idxs / 4;
const FRAMES = at.gpfns / 4;
const ERRORS = at.errs / 4;

/** Where elements of the lists are copied to: behind the structure. */
const INDEX = 64;
const FRAME = 72;
const ERROR = 80;
const NUMBER_BYTES = 8;
const ERROR_BYTES = 4;

/**
 * XENMEM_add_to_physmap_batch: maps pages of one space, with an error for each. -EDOM and -EILSEQ for places to go on
 * that the batch does not have, -EFAULT, -EOPNOTSUPP for ranges and for devices with the reserved field set, -ESRCH,
 * -EACCES, -EPERM, -EINVAL for a frame of all ones. Entries before a list that cannot be read or written are done.
 */
export const addToPhysmapBatch: Operation = (call) => {
  const { domain: caller, operand, w } = call;
  const { halves } = operand;
  const start = startExtent(call);
  if (start > MAX_SIZE) return fail(call, ERRNO.EDOM);
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  const space = halves[SPACE] as number;
  if (space === XENMAPSPACE.gmfnRange) return fail(call, ERRNO.EOPNOTSUPP);
  const domain = caller.xen.named(caller, halves[DOMID] as number);
  if (domain === undefined) return fail(call, ERRNO.ESRCH);
  const refused = refusedSpace(caller, domain, space);
  if (refused !== 0) return fail(call, refused);
  const count = halves[SIZE] as number;
  if (count < start) return fail(call, ERRNO.EILSEQ);
  if (count === start) return start === 0 ? succeed(call) : fail(call, ERRNO.EILSEQ);
  if (space === XENMAPSPACE.devMmio && halves[EXTRA] !== 0) return fail(call, ERRNO.EOPNOTSUPP);
  return each(call, domain, space, start, count);
};

function each(call: Hypercall, domain: Domain, space: number, start: number, count: number): Outcome {
  const { domain: caller, operand } = call;
  const { memory } = caller;
  const { words, halves } = operand;
  for (let i = start; i < count; i++) {
    if (i - start === PAGES_PER_STEP) return goOnAt(call, i);
    if (!item(call, INDEXES, i, INDEX) || !item(call, FRAMES, i, FRAME)) return fail(call, ERRNO.EFAULT);
    const low = words[FRAME / 4] as number;
    const high = words[FRAME / 4 + 1] as number;
    if (isInvalidFrame(low, high)) return fail(call, ERRNO.EINVAL);
    const [indexLow, indexHigh] = [words[INDEX / 4] as number, words[INDEX / 4 + 1] as number];
    const foreign = halves[EXTRA] as number;
    words[ERROR / 4] = place(caller, domain, space, foreign, indexLow, indexHigh, frameOf(low, high));
    const [toLow, toHigh] = [words[ERRORS] as number, words[ERRORS + 1] as number];
    if (!memory.copyItemOut(call, toLow, toHigh, i, ERROR_BYTES, ERROR)) return fail(call, ERRNO.EFAULT);
  }
  return succeed(call);
}

function item(call: Hypercall, list: number, index: number, to: number): boolean {
  const { words } = call.operand;
  const [low, high] = [words[list] as number, words[list + 1] as number];
  return call.domain.memory.copyItemIn(call, low, high, index, NUMBER_BYTES, to);
}
