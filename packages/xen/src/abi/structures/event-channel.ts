import { array, defineStructure, defineUnion, domid, u8, u32, u64 } from '../structure.js';

/** Structures of event_channel_op (public/event_channel.h). */

export const evtchnBindInterdomain = defineStructure('evtchn_bind_interdomain', {
  remoteDom: domid,
  remotePort: u32,
  localPort: u32,
});

export const evtchnBindVirq = defineStructure('evtchn_bind_virq', { virq: u32, vcpu: u32, port: u32 });

export const evtchnBindPirq = defineStructure('evtchn_bind_pirq', { pirq: u32, flags: u32, port: u32 });

export const evtchnClose = defineStructure('evtchn_close', { port: u32 });

export const evtchnSend = defineStructure('evtchn_send', { port: u32 });

/** What a bound port is bound to: which member counts is the status. */
export const evtchnStatusDetail = defineUnion('evtchn_status.u', {
  unbound: defineStructure('unbound', { dom: domid }),
  interdomain: defineStructure('interdomain', { dom: domid, port: u32 }),
  pirq: u32,
  virq: u32,
});

export const evtchnStatus = defineStructure('evtchn_status', {
  dom: domid,
  port: u32,
  status: u32,
  vcpu: u32,
  u: evtchnStatusDetail,
});

/** What a port is, as {@link evtchnStatus} says it (EVTCHNSTAT_*). */
export const EVTCHNSTAT = { closed: 0, unbound: 1, interdomain: 2, pirq: 3, virq: 4, ipi: 5 } as const;

export const evtchnAllocUnbound = defineStructure('evtchn_alloc_unbound', { dom: domid, remoteDom: domid, port: u32 });

export const evtchnBindIpi = defineStructure('evtchn_bind_ipi', { vcpu: u32, port: u32 });

export const evtchnBindVcpu = defineStructure('evtchn_bind_vcpu', { port: u32, vcpu: u32 });

export const evtchnUnmask = defineStructure('evtchn_unmask', { port: u32 });

export const evtchnReset = defineStructure('evtchn_reset', { dom: domid });

export const evtchnInitControl = defineStructure('evtchn_init_control', {
  controlGfn: u64,
  offset: u32,
  vcpu: u32,
  linkBits: u8,
  pad: array(u8, 7),
});

export const evtchnExpandArray = defineStructure('evtchn_expand_array', { arrayGfn: u64 });

export const evtchnSetPriority = defineStructure('evtchn_set_priority', { port: u32, priority: u32 });

/** Priorities of the FIFO ABI: 0 is the highest. */
export const EVTCHN_FIFO_PRIORITY = { max: 0, default: 7, min: 15 } as const;

/** Queues of a vCPU in the FIFO ABI: one for each priority. */
export const EVTCHN_FIFO_MAX_QUEUES = 16;

/** The control block of a vCPU: which queues have events, and their first event. */
export const evtchnFifoControlBlock = defineStructure('evtchn_fifo_control_block', {
  ready: u32,
  reserved: u32,
  head: array(u32, EVTCHN_FIFO_MAX_QUEUES),
});

/** An event's word in the FIFO ABI: four flags, and the number of the next event in its queue. */
export const EVENT_WORD = {
  pending: 1 << 31,
  masked: 1 << 30,
  linked: 1 << 29,
  busy: 1 << 28,
  link: 0x1_ffff,
} as const;

/** Bits of {@link EVENT_WORD}'s link: as many ports as the FIFO ABI has. */
export const EVTCHN_FIFO_LINK_BITS = 17;
export const EVTCHN_FIFO_NR_CHANNELS: number = 2 ** EVTCHN_FIFO_LINK_BITS;

/** Ports of the 2-level ABI: the square of the bits in a `xen_ulong_t`, which has 64 for every ARM guest. */
export const EVTCHN_2L_NR_CHANNELS = 4096;
