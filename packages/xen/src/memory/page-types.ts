/**
 * What a frame of a domain holds, as Xen's p2m says it (asm/p2m.h, p2m_type_t). `ram` is also the type of what Xen itself
 * shares with the domain: shared_info and grant frames.
 */
export type PageType = 'hole' | 'ram' | 'ram-ro' | 'device' | 'foreign' | 'foreign-ro' | 'grant' | 'grant-ro';

/** P2M_RAM_TYPES: the domain's own. */
export function isRam(type: PageType): boolean {
  return type === 'ram' || type === 'ram-ro';
}

/** P2M_FOREIGN_TYPES: another domain's page, of which the mapping itself holds a reference. */
export function isForeign(type: PageType): boolean {
  return type === 'foreign' || type === 'foreign-ro';
}

/** p2m_is_any_ram: there is a page of a domain's memory behind the frame. */
export function isAnyRam(type: PageType): boolean {
  return type !== 'hole' && type !== 'device';
}

/** Whether the domain's stores reach the page (p2m_set_permission). */
export function isWritable(type: PageType): boolean {
  return type === 'ram' || type === 'foreign' || type === 'grant' || type === 'device';
}
