import { defineStructure, domid, u16, u32, u64 } from '../structure.js';

/** HVMOP_set_param and HVMOP_get_param (public/hvm/hvm_op.h). */
export const xenHvmParam = defineStructure('xen_hvm_param', { domid, pad: u16, index: u32, value: u64 });
