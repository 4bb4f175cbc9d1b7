/** The domain that controls the machine. */
export const CONTROL_DOMAIN = 0;
/** Domains have numbers below this; from here on they are reserved (DOMID_FIRST_RESERVED, public/xen.h). */
export const DOMID_FIRST_RESERVED = 0x7ff0;
/** The caller itself. */
export const DOMID_SELF = 0x7ff0;
/** I/O memory, no domain. */
export const DOMID_IO = 0x7ff1;
/** Pages of Xen's own, no domain. */
export const DOMID_XEN = 0x7ff2;
/** Nobody. */
export const DOMID_INVALID = 0x7ff4;
