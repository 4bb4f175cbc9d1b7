/**
 * Virtual interrupts (public/xen.h, VIRQ_*): what Xen itself tells a domain by an event. A global one exists once in a
 * domain, the others once for each vCPU.
 */
export const VIRQ = {
  timer: 0,
  debug: 1,
  console: 2,
  domExc: 3,
  tbuf: 4,
  debugger: 6,
  xenoprof: 7,
  conRing: 8,
  pcpuState: 9,
  memEvent: 10,
  argo: 11,
  enomem: 12,
  xenpmu: 13,
  arch0: 16,
  arch7: 23,
} as const;

/** Numbers of virtual interrupts, named or not. */
export const NR_VIRQS = 24;

/** Those of a vCPU, as a set of bits; all others are global (common/event_channel.c, virq_is_global). */
const PER_VCPU: number = (1 << VIRQ.timer) | (1 << VIRQ.debug) | (1 << VIRQ.xenoprof) | (1 << VIRQ.xenpmu);

/** Whether a virtual interrupt exists once in the domain. */
export function isGlobalVirq(virq: number): boolean {
  return ((PER_VCPU >>> virq) & 1) === 0;
}
