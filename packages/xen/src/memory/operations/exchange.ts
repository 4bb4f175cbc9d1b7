import type { Outcome } from '@trapline/core';
import { ERRNO } from '../../abi/errno.js';
import { xenMemoryExchange, xenMemoryReservation } from '../../abi/structures/memory.js';
import { fail, type Hypercall, type Operation, succeed } from '../../calls/hypercall.js';
import { frameOf } from '../frames.js';
import { maxOrder, startExtent } from './extents.js';
import { nodeAllowed } from './reservation.js';

const { at, size } = xenMemoryExchange;
const { at: part } = xenMemoryReservation;
const DONE = at.nrExchanged / 4;
const IN_LIST = (at.in + part.extentStart) / 4;
const IN_ORDER = (at.in + part.extentOrder) / 4;
const OUT_ORDER = (at.out + part.extentOrder) / 4;
const OUT_FLAGS = (at.out + part.memFlags) / 4;
const IN_DOMID = (at.in + part.domid) / 2;
const OUT_DOMID = (at.out + part.domid) / 2;
const IN_COUNT = (at.in + part.nrExtents) / 4;
const OUT_COUNT = (at.out + part.nrExtents) / 4;
const ITEM = 96;
const MAX_ULONG = 0xffff_ffff_ffff_ffffn;

/**
 * XENMEM_exchange. On ARM no page can be taken from its domain (steal_page), so that all real work ends with -EOPNOTSUPP
 * at the first page, after the checks: -EINVAL for a place to go on, -EFAULT, -EPERM for an order, -EINVAL for lists that
 * do not agree, nodes, or a first frame without a page, -ESRCH, -EPERM. Nothing left to do is 0.
 */
export const exchange: Operation = (call) => {
  if (startExtent(call) !== 0) return fail(call, ERRNO.EINVAL);
  const { domain: caller, operand, w } = call;
  const { words } = operand;
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  const inOrder = words[IN_ORDER] as number;
  const outOrder = words[OUT_ORDER] as number;
  if (Math.max(inOrder, outOrder) > maxOrder(caller)) return failEarly(call, ERRNO.EPERM);
  const done = wide(words, DONE);
  const count = wide(words, IN_COUNT);
  if (operand.halves[IN_DOMID] !== operand.halves[OUT_DOMID] || !agree(words, done))
    return failEarly(call, ERRNO.EINVAL);
  if (done === count) return succeed(call);
  if (!nodeAllowed(words[OUT_FLAGS] as number, caller)) return failEarly(call, ERRNO.EINVAL);
  const domain = caller.xen.named(caller, operand.halves[IN_DOMID] as number);
  if (domain === undefined) return failEarly(call, ERRNO.ESRCH);
  if (!caller.xen.policy.target(caller, domain)) return failEarly(call, ERRNO.EPERM);

  // Extents are exchanged by chunks, each the size of the larger of the two kinds.
  const chunk = BigInt(Math.max(0, outOrder - inOrder));
  const first = (done >> chunk) << chunk;
  if (first >> chunk >= count >> chunk) return finish(call, count, 0);
  const low = words[IN_LIST] as number;
  const high = words[IN_LIST + 1] as number;
  if (!readExtent(call, low, high, first)) return finish(call, first, ERRNO.EFAULT);
  const type = domain.memory.typeOf(frameOf(words[ITEM / 4] as number, words[ITEM / 4 + 1] as number));
  return finish(call, first, type === 'hole' || type === 'device' ? ERRNO.EINVAL : ERRNO.EOPNOTSUPP);
};

/** Whether the lists are of one size, none larger than a long, and the work done is within them. */
function agree(words: Uint32Array, done: bigint): boolean {
  const inOrder = BigInt(words[IN_ORDER] as number);
  const outOrder = BigInt(words[OUT_ORDER] as number);
  const inCount = wide(words, IN_COUNT);
  const outCount = wide(words, OUT_COUNT);
  if (done > inCount || inCount > MAX_ULONG >> inOrder || outCount > MAX_ULONG >> outOrder) return false;
  return inCount << inOrder === outCount << outOrder;
}

/** Copies in one number of the list: none where the list does not reach so far in any address space. */
function readExtent(call: Hypercall, low: number, high: number, index: bigint): boolean {
  return index < 2n ** 50n && call.domain.memory.copyItemIn(call, low, high, Number(index), 8, ITEM);
}

function failEarly(call: Hypercall, error: number): Outcome {
  return finish(call, wide(call.operand.words, DONE), error);
}

/** Tells how many extents were exchanged, and returns. */
function finish(call: Hypercall, done: bigint, error: number): Outcome {
  const { operand, w } = call;
  operand.words[DONE] = Number(done & 0xffff_ffffn);
  operand.words[DONE + 1] = Number(done >> 32n);
  const told = call.domain.memory.copyOutPart(call, w[2] as number, w[3] as number, at.nrExchanged, 8);
  if (!told) return fail(call, ERRNO.EFAULT);
  return error === 0 ? succeed(call) : fail(call, error);
}

function wide(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1] as number) << 32n) | BigInt(words[at] as number);
}
