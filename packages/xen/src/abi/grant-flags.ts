/**
 * The flags of an entry in the shared grant table (public/grant_table.h, GTF_*). `type` is a field of two bits, with the
 * values `invalid`, `permit_access`, `accept_transfer` and `transitive`.
 */
export const GTF = {
  type: 3,
  invalid: 0,
  permit_access: 1,
  accept_transfer: 2,
  /** Version 2 only: who holds this may copy through a grant that somebody else gave its owner. */
  transitive: 3,
  readonly: 1 << 2,
  /** Xen's: somebody has mapped the page, or copies from it. */
  reading: 1 << 3,
  /** Xen's: somebody has mapped the page writable, or copies to it. */
  writing: 1 << 4,
  PWT: 1 << 5,
  PCD: 1 << 6,
  PAT: 1 << 7,
  /** Version 2 only: a part of the page may be copied, nothing mapped. */
  sub_page: 1 << 8,
} as const;

/** How a grant is mapped (public/grant_table.h, GNTMAP_*). */
export const GNTMAP = {
  device_map: 1 << 0,
  host_map: 1 << 1,
  readonly: 1 << 2,
  application_map: 1 << 3,
  contains_pte: 1 << 4,
} as const;

/** Which operands of a copy are grants; the others are frames of the caller's (public/grant_table.h, GNTCOPY_*). */
export const GNTCOPY = { source_gref: 1 << 0, dest_gref: 1 << 1 } as const;

/** What is done to the cache (public/grant_table.h, GNTTAB_CACHE_*). */
export const GNTTAB_CACHE = { clean: 1 << 0, inval: 1 << 1, source_gref: 1 << 31 } as const;

/** The first entries, which survive a change of the table's version: tools fill them before a domain runs. */
export const GNTTAB_RESERVED = { console: 0, xenstore: 1, entries: 8 } as const;
