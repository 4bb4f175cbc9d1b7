/** Most memory regions of one guest. */
export const MAX_MEMORY_REGIONS = 64;

/** Longest name of a guest, in characters. */
export const MAX_GUEST_NAME = 63;
