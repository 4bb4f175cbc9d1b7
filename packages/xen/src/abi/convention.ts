import { type Convention, SMCCC } from '@trapline/core';

/** The immediate of HVC that makes it a hypercall (public/arch-arm.h, XEN_HYPERCALL_TAG). */
export const XEN_HYPERCALL_TAG = 0xea1;

/**
 * How Xen's hypercalls are made (public/arch-arm.h): HVC #0xEA1, the number in X16 or R12, arguments in X0–X4 or R0–R4,
 * the result in X0 or R0. All 64 bits of X16 are the number (traps.c, do_trap_hypercall).
 */
export const XEN_CONVENTION: Convention = {
  ...SMCCC,
  name: 'xen',
  conduits: ['hvc'],
  immediates: [[XEN_HYPERCALL_TAG, XEN_HYPERCALL_TAG]],
  selector: { a64: 16, a32: 12 },
  selectorBits: 64,
  ignoredBits: 0,
  firstArgument: 0,
  firstResult: 0,
  narrow: 'by-caller',
  smc64NeedsA64: false,
  widen: 'sign',
};
