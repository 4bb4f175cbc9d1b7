/** Layout of the flattened device tree. DTSpec 0.4, chapter 5. */

/** `magic` of the header. */
export const FDT_MAGIC = 0xd00dfeed;
/** The version that is written, and the newest whose fields are known. */
export const FDT_VERSION = 17;
/** The oldest version that is read, and the `last_comp_version` that is written. */
export const FDT_LAST_COMPATIBLE_VERSION = 16;

/** Size of the header from version 17 on; version 16 lacks `size_dt_struct`. */
export const HEADER_SIZE_V17 = 40;
/** Size of the header of version 16. */
export const HEADER_SIZE_V16 = 36;

/** Byte offsets of the header's fields. */
export const HEADER = {
  magic: 0,
  totalSize: 4,
  structOffset: 8,
  stringsOffset: 12,
  reservationsOffset: 16,
  version: 20,
  lastCompatibleVersion: 24,
  bootCpu: 28,
  stringsSize: 32,
  structSize: 36,
} as const;

/** Size of one entry of the memory reservation block. */
export const RESERVATION_SIZE = 16;

/** Tokens of the structure block. */
export const TOKEN = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;
