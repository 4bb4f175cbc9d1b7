import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { fail, type Hypercall } from './hypercall.js';

/**
 * Hypercalls that are in ARM's table and have nothing behind them: the deprecated numbers (traps.c,
 * do_deprecated_hypercall), physdev_op without PCI (arch/arm/physdev.c), xsm_op without FLASK (xsm/dummy.h).
 */
export function notImplemented(call: Hypercall): Outcome {
  return fail(call, ERRNO.ENOSYS);
}

/** argo_op where it is compiled in and not switched on (common/argo.c, do_argo_op). */
export function switchedOff(call: Hypercall): Outcome {
  return fail(call, ERRNO.EOPNOTSUPP);
}
