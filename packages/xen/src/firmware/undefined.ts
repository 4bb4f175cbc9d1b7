import { type Call, defineInterface, type Handler, type Implementation, type Inject, implement } from '@trapline/core';
import { XEN_HYPERCALL_TAG } from '../abi/convention.js';

/** HVC with an immediate that is neither a hypercall's nor the firmware's. */
const otherImmediates = defineInterface({
  name: 'xen-undefined',
  title: 'HVC with any other immediate',
  source: 'Xen 4.17 arch/arm/traps.c, do_trap_hypercall',
  convention: {
    name: 'immediate',
    conduits: ['hvc'],
    immediates: [
      [1, XEN_HYPERCALL_TAG - 1],
      [XEN_HYPERCALL_TAG + 1, 0xffff],
    ],
    selector: 'immediate',
  },
  calls: {},
});

function undefinedAt(returnOffset: number): Inject {
  return Object.freeze({ kind: 'inject', exception: 'undefined', returnOffset });
}

// Xen takes the instruction after HVC, where the CPU has gone already, for the undefined one: inject_undef64_exception
// hands on its address, inject_undef32_exception adds the 4 or 2 bytes of the mode to it.
const AFTER_A64 = undefinedAt(4);
const AFTER_A32 = undefinedAt(8);
const AFTER_T32 = undefinedAt(6);
const AT_SMC = undefinedAt(0);

/** Undefined Instruction for HVC with another immediate, its return address behind the instruction. */
export function undefinedImmediates(): Implementation {
  const handler: Handler = ({ pe }) => (pe.state === 'a64' ? AFTER_A64 : pe.state === 'a32' ? AFTER_A32 : AFTER_T32);
  return implement(otherImmediates, {}, { ranges: [{ from: 0, to: 0xffff_ffff, handler }] });
}

/** An AArch64 SMC with a nonzero immediate is undefined, where it stands; an AArch32 one is SMC #0. */
export function onlySmcZero(implementation: Implementation): Implementation {
  return {
    ...implementation,
    entries: implementation.entries.map((entry) => ({ ...entry, handler: checked(entry.handler) })),
    ranges: implementation.ranges.map((range) => ({ ...range, handler: checked(range.handler) })),
  };
}

function checked(handler: Handler): Handler {
  return (call: Call) => (call.immediate !== 0 && call.pe.state === 'a64' ? AT_SMC : handler(call));
}
