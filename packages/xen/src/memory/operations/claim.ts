import { ERRNO } from '../../abi/errno.js';
import { xenMemoryReservation } from '../../abi/structures/memory.js';
import { answer, fail, type Operation } from '../../calls/hypercall.js';
import type { Domain } from '../../domain/domain.js';
import { startExtent } from './extents.js';

const { at, size } = xenMemoryReservation;
const LIST = at.extentStart / 4;
const COUNT = at.nrExtents / 4;
const ORDER = at.extentOrder / 4;
const FLAGS = at.memFlags / 4;
const DOMID = at.domid / 2;

/**
 * XENMEM_claim_pages: sets pages aside that a domain has not allocated yet; 0 gives a claim up. -EINVAL for a place to go
 * on, -EFAULT, -EINVAL for a list, an order, flags, or a domain that is not there (by its number: DOMID_SELF is none),
 * -EPERM for all but the control domain; -EINVAL for a second claim, one that the domain has already, or one beyond its
 * maximum.
 */
export const claimPages: Operation = (call) => {
  if (startExtent(call) !== 0) return fail(call, ERRNO.EINVAL);
  const { domain: caller, operand, w } = call;
  const { words } = operand;
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  const extras = (words[LIST] as number) | (words[LIST + 1] as number) | (words[ORDER] as number);
  if ((extras | (words[FLAGS] as number)) !== 0) return fail(call, ERRNO.EINVAL);
  const domain = caller.xen.domain(operand.halves[DOMID] as number);
  if (domain === undefined) return fail(call, ERRNO.EINVAL);
  const { policy, profile } = caller.xen;
  if (!policy.privileged(caller)) return fail(call, ERRNO.EPERM);
  if (domain.isDying && !profile.memory.claimsForDying) return fail(call, ERRNO.EINVAL);
  return answer(call, claim(domain, words[COUNT] as number, words[COUNT + 1] as number));
};

/** domain_set_outstanding_pages. */
function claim({ memory }: Domain, low: number, high: number): number {
  const { reservation } = memory;
  if ((low | high) === 0) {
    reservation.claimed = 0;
    return 0;
  }
  const { total, maximum, claimed } = reservation;
  if (claimed !== 0 || high !== 0 || low <= total || low > maximum) return -ERRNO.EINVAL;
  reservation.claimed = low - total;
  return 0;
}
