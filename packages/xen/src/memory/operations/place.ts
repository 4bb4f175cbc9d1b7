import { ERRNO } from '../../abi/errno.js';
import { XENMAPSPACE } from '../../abi/structures/memory.js';
import type { Domain } from '../../domain/domain.js';
import { DOMID_IO, DOMID_XEN } from '../../domain/xen.js';
import { frameOf, NO_FRAME } from '../frames.js';
import { isRam } from '../page-types.js';
import type { SharedPage } from '../shared-page.js';

/**
 * Puts one page of a space at a frame of a domain (arch/arm/mm.c, xenmem_add_to_physmap_one). 0, or:
 *
 * - -EINVAL: an index that the space does not have, a frame beyond all addresses, a foreign page that is none
 * - -EBUSY: a page of Xen's that is mapped already; it has to be removed from there first
 * - -ESRCH, -EPERM: no such foreign domain (the caller's own number is none, in 4.20 -EPERM), or one that the domain may
 *   not map
 * - -ENOSYS: a space that ARM does not have
 */
export function place(
  caller: Domain,
  domain: Domain,
  space: number,
  foreign: number,
  low: number,
  high: number,
  frame: number,
): number {
  switch (space) {
    case XENMAPSPACE.grantTable: {
      // The index is cut to 32 bits (gnttab_get_shared_frame_mfn).
      const page = domain.grants.frames(low >>> 0);
      if (page === undefined) return -ERRNO.EINVAL;
      return page.isFree ? -ERRNO.EBUSY : placeShared(domain, page, frame);
    }
    case XENMAPSPACE.sharedInfo:
      return (low | high) !== 0 ? -ERRNO.EINVAL : placeShared(domain, domain.memory.sharedInfo, frame);
    case XENMAPSPACE.gmfnForeign:
      return placeForeign(caller, domain, foreign, frameOf(low, high), frame);
    case XENMAPSPACE.devMmio:
      // A device that the domain has no right to is not mapped, and nobody says so (map_dev_mmio_page).
      if (!domain.memory.map.mayUseDevice(frameOf(low, high))) return 0;
      return domain.memory.map.set(frame, 'device', undefined);
    default:
      return -ERRNO.ENOSYS;
  }
}

function placeShared({ memory }: Domain, page: SharedPage, frame: number): number {
  return page.frame === NO_FRAME ? memory.map.set(frame, 'ram', page) : -ERRNO.EBUSY;
}

function placeForeign(caller: Domain, domain: Domain, id: number, index: number, frame: number): number {
  const { xen } = caller;
  const remote = xen.profile.memory.foreignDomain === 'remote';
  if (id === caller.id) return remote ? -ERRNO.EPERM : -ERRNO.ESRCH;
  // Xen's own pages belong to domains that nobody can see; none of them is mapped this way.
  if (id === DOMID_XEN || (id === DOMID_IO && !remote)) {
    return xen.policy.privileged(domain) ? -ERRNO.EINVAL : -ERRNO.EPERM;
  }
  const owner = remote ? xen.domain(id) : xen.named(caller, id);
  if (owner === undefined) return -ERRNO.ESRCH;
  if (owner === domain) return -ERRNO.EINVAL;
  if (!xen.policy.target(domain, owner)) return -ERRNO.EPERM;
  const type = owner.memory.typeOf(index);
  const page = owner.memory.page(index);
  if (page === undefined || !isRam(type)) return -ERRNO.EINVAL;
  return domain.memory.mapForeign(frame, page, type === 'ram');
}
