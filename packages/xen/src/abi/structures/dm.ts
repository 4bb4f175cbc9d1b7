import { aligned, array, bytes, defineStructure, handle, u8, u32, ulong } from '../structure.js';

/** One of dm_op's buffers (public/hvm/dm_op.h). */
export const xenDmOpBuf = defineStructure('xen_dm_op_buf', { h: handle, size: ulong });

/** What the first buffer holds: the command's own structure stands at `u`. */
export const xenDmOp = defineStructure('xen_dm_op', { op: u32, pad: u32, u: aligned(8, bytes(40)) });

/** XEN_DMOP_set_irq_level. */
export const xenDmOpSetIrqLevel = defineStructure('xen_dm_op_set_irq_level', {
  irq: u32,
  level: u8,
  pad: array(u8, 3),
});
/** XEN_DMOP_nr_vcpus. */
export const xenDmOpNrVcpus = defineStructure('xen_dm_op_nr_vcpus', { vcpus: u32 });

export const DMOP_SET_IRQ_LEVEL = 19;
export const DMOP_NR_VCPUS = 20;
