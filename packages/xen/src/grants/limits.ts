import { PAGE_BYTES } from '../memory/frames.js';

/** Entries of version 1 in one frame: 8 bytes each. */
export const V1_PER_FRAME: number = PAGE_BYTES / 8;
/** Entries of version 2 in one frame: 16 bytes each. */
export const V2_PER_FRAME: number = PAGE_BYTES / 16;
/** Status words of version 2 in one frame: 2 bytes each. */
export const STATUS_PER_FRAME: number = PAGE_BYTES / 2;
/** Grant frames that one frame of status words serves. */
export const FRAMES_PER_STATUS: number = STATUS_PER_FRAME / V2_PER_FRAME;
/** What Xen keeps of the entries in use (struct active_grant_entry of a release build: 40 bytes): so many in one page. */
export const ACTIVE_PER_PAGE: number = Math.floor(PAGE_BYTES / 40);
/** Mappings in one frame of the maptrack: 16 bytes each. */
export const MAPTRACK_PER_FRAME: number = PAGE_BYTES / 16;

/** Frames of a table before anybody asks for more (INITIAL_NR_GRANT_FRAMES). */
export const INITIAL_GRANT_FRAMES = 1;

/** How often a guest may change an entry under Xen's hands before it is told so (grant_table.c, _set_status_v1). */
export const ENTRY_TRIES = 5;

/** Mappings of one kind that an entry can have: a count of 8 bits that is refused from its highest bit on. */
export const MAX_PINS = 128;

/** Entries of a list that are done in one step, before other vCPUs and interrupts have their turn. */
export const ENTRIES_PER_STEP = 256;

/** Entries that a search for a mapping looks at in one step (GNTTABOP_CONTINUATION_ARG_SHIFT). */
export const SEARCHED_PER_STEP = 4096;
