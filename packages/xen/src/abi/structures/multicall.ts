import { array, defineStructure, u64 } from '../structure.js';

/** An entry of a multicall (public/xen.h): `result` is Xen's to write. */
export const multicallEntry = defineStructure('multicall_entry', { op: u64, result: u64, args: array(u64, 6) });
