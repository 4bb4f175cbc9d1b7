/**
 * The stolen time structure (DEN0057A, 3.2.2): revision and attributes, both 0, then nanoseconds; little-endian, on 64
 * bytes of its own.
 */

/** Size and alignment of the structure. */
export const STOLEN_TIME_SIZE = 64;
/** Where the nanoseconds stand. */
export const STOLEN_TIME_OFFSET = 8;
