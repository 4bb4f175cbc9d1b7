import { defineStructure, defineUnion, domid, handle, s16, u16, u32, u64, ulong } from '../structure.js';

// Layouts of xen/include/public/grant_table.h (4.17), in its order. The shared table comes first, then what operations take.

/** An entry of a table of version 1. */
export const grantEntryV1 = defineStructure('grant_entry_v1', { flags: u16, domid, frame: u32 });

/** An entry of a table of version 2, whose further words depend on the type in its flags. */
export const grantEntryV2 = defineUnion('grant_entry_v2', {
  full_page: defineStructure('full_page', { flags: u16, domid, pad0: u32, frame: u64 }),
  sub_page: defineStructure('sub_page', { flags: u16, domid, page_off: u16, length: u16, frame: u64 }),
  transitive: defineStructure('transitive', { flags: u16, domid, trans_domid: domid, pad0: u16, gref: u32, pad1: u32 }),
});

/** GNTTABOP_map_grant_ref. */
export const gnttabMapGrantRef = defineStructure('gnttab_map_grant_ref', {
  host_addr: u64,
  flags: u32,
  ref: u32,
  dom: domid,
  status: s16,
  handle: u32,
  dev_bus_addr: u64,
});

/** GNTTABOP_unmap_grant_ref. */
export const gnttabUnmapGrantRef = defineStructure('gnttab_unmap_grant_ref', {
  host_addr: u64,
  dev_bus_addr: u64,
  handle: u32,
  status: s16,
});

/** GNTTABOP_setup_table. */
export const gnttabSetupTable = defineStructure('gnttab_setup_table', {
  dom: domid,
  nr_frames: u32,
  status: s16,
  frame_list: handle,
});

/** GNTTABOP_dump_table. */
export const gnttabDumpTable = defineStructure('gnttab_dump_table', { dom: domid, status: s16 });

/** GNTTABOP_transfer. */
export const gnttabTransfer = defineStructure('gnttab_transfer', { mfn: ulong, domid, ref: u32, status: s16 });

/** One side of a copy: a grant reference of a domain, or a frame of the caller's. */
export const gnttabCopyPtr = defineStructure('gnttab_copy_ptr', {
  u: defineUnion('gnttab_copy_ptr_u', { ref: u32, gmfn: ulong }),
  domid,
  offset: u16,
});

/** GNTTABOP_copy. */
export const gnttabCopy = defineStructure('gnttab_copy', {
  source: gnttabCopyPtr,
  dest: gnttabCopyPtr,
  len: u16,
  flags: u16,
  status: s16,
});

/** GNTTABOP_query_size. */
export const gnttabQuerySize = defineStructure('gnttab_query_size', {
  dom: domid,
  nr_frames: u32,
  max_nr_frames: u32,
  status: s16,
});

/** GNTTABOP_unmap_and_replace. */
export const gnttabUnmapAndReplace = defineStructure('gnttab_unmap_and_replace', {
  host_addr: u64,
  new_addr: u64,
  handle: u32,
  status: s16,
});

/** GNTTABOP_set_version. */
export const gnttabSetVersion = defineStructure('gnttab_set_version', { version: u32 });

/** GNTTABOP_get_status_frames. */
export const gnttabGetStatusFrames = defineStructure('gnttab_get_status_frames', {
  nr_frames: u32,
  dom: domid,
  status: s16,
  frame_list: handle,
});

/** GNTTABOP_get_version. */
export const gnttabGetVersion = defineStructure('gnttab_get_version', { dom: domid, pad: u16, version: u32 });

/** GNTTABOP_swap_grant_ref. */
export const gnttabSwapGrantRef = defineStructure('gnttab_swap_grant_ref', { ref_a: u32, ref_b: u32, status: s16 });

/** GNTTABOP_cache_flush. */
export const gnttabCacheFlush = defineStructure('gnttab_cache_flush', {
  a: defineUnion('gnttab_cache_flush_a', { dev_bus_addr: u64, ref: u32 }),
  offset: u16,
  length: u16,
  op: u32,
});
