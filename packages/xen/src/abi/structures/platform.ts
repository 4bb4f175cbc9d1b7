import { bytes, defineStructure, defineUnion, u32, u64 } from '../structure.js';

/** XENPF_settime64 (public/platform.h). */
export const xenpfSettime64 = defineStructure('xenpf_settime64', { secs: u64, nsecs: u32, mbz: u32, systemTime: u64 });

/** platform_op's operand. */
export const xenPlatformOp = defineStructure('xen_platform_op', {
  cmd: u32,
  interfaceVersion: u32,
  u: defineUnion('xen_platform_op.u', { settime64: xenpfSettime64, pad: bytes(128) }),
});

/** XENPF_INTERFACE_VERSION of every version so far. */
export const XENPF_INTERFACE_VERSION = 0x0300_0001;
/** XENPF_settime64. */
export const XENPF_SETTIME64 = 62;
