import { ERRNO } from '../../abi/errno.js';
import type { DomainMemory } from '../domain-memory.js';

/**
 * Gives back the page at a frame (common/memory.c, guest_remove_page): the frame becomes a hole, and the page is freed
 * once nobody else uses it. The pages of a domain whose frames are machine frames stay its own. 0; -EINVAL for a hole or a
 * device; -ENXIO for a page of another domain's; -ENOMEM in a domain that ends.
 */
export function freePage(memory: DomainMemory, frame: number): number {
  const { map, domain } = memory;
  const type = map.typeOf(frame);
  if (type === 'hole' || type === 'device') return -ERRNO.EINVAL;
  // Most pages that are given back nobody has ever asked for: they need not come into being for it.
  const page = map.isUntouched(frame) && !domain.isDirectMapped ? undefined : map.pageAt(frame);
  if (page === undefined) {
    const content = memory.pages.contentAt(frame);
    const cleared = map.clear(frame);
    if (cleared === 0 && !domain.isDirectMapped) memory.pages.giveBackUntouched(frame, content);
    return cleared;
  }
  if (page.owner !== memory || !page.take()) return -ERRNO.ENXIO;
  const removed = map.remove(frame, page);
  if (removed === 0 && !domain.isDirectMapped) page.deallocate();
  page.drop();
  return removed;
}
