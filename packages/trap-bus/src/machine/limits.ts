/** Guests of one machine. */
export const MAX_GUESTS = 64;
/** vCPUs of one guest. */
export const MAX_VCPUS = 65_536;
/** Services at one level of one guest. */
export const MAX_SERVICES = 64;
/** Interceptions that are in force at once. */
export const MAX_INTERCEPTIONS = 1024;
/** How often {@link Caller.execute} repeats a preempted call before it gives `again` back. */
export const MAX_REPEATS = 1 << 20;
