import type { RingLayout } from './byte-ring.js';

/** Bytes of each direction (public/io/xs_wire.h, XENSTORE_RING_SIZE). */
export const STORE_RING_BYTES = 1024;

/** Requests, of which the guest is the writer (`struct xenstore_domain_interface`). */
export const STORE_REQUESTS: RingLayout = { data: 0, size: STORE_RING_BYTES, consumed: 2048, produced: 2052 };

/** Answers and watch events, of which it is the reader. */
export const STORE_REPLIES: RingLayout = { data: 1024, size: STORE_RING_BYTES, consumed: 2056, produced: 2060 };
