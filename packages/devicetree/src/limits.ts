/**
 * Every bound this package puts on what it reads. A bound exceeded is a {@link DeviceTreeError} with reason `limit`.
 *
 * They are generous: of the trees of Linux 6.1 that were looked at, the deepest has 9 levels, the longest property name
 * 36 characters, and the largest 0.1 MB.
 */

/** Deepest nesting of nodes, the root being depth 1. */
export const MAX_DEPTH = 64;

/** Longest node or property name, in characters. The specification says 31 (DTSpec 0.4, 2.2.1); real trees exceed that. */
export const MAX_NAME_LENGTH = 255;

/** Largest `totalsize` of a blob, in bytes. */
export const MAX_BLOB_SIZE: number = 64 * 1024 * 1024;

/** Most nodes in one tree. */
export const MAX_NODES: number = 1 << 20;

/** Most properties in one tree. */
export const MAX_PROPERTIES: number = 1 << 22;

/** Most entries of the memory reservation block. */
export const MAX_RESERVATIONS = 4096;

/**
 * How many times the size of the strings block the distinct names in it may come to. Names may share a tail, so a block
 * of n bytes can spell out n²/2 characters of names; dtc's own sharing stays below 2.
 */
export const MAX_STRING_EXPANSION = 8;

/** Most steps from one interrupt parent to the next before an interrupt counts as unroutable. */
export const MAX_INTERRUPT_HOPS = 32;

/** Largest `#address-cells`, `#size-cells`, `#interrupt-cells` and other `#…-cells` that are followed. */
export const MAX_CELLS = 16;

/** Deepest nesting of `/include/`, as in dtc. */
export const MAX_INCLUDE_DEPTH = 200;

/** Deepest nesting of parentheses, unary operators and `?:` in one DTS expression. */
export const MAX_EXPRESSION_DEPTH = 100;

/** Largest DTS source together with all it includes, in characters, and largest value built from it, in bytes. */
export const MAX_SOURCE_SIZE: number = 8 * 1024 * 1024;
