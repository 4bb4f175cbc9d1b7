import type { Errno } from './errno.js';

/** KVM_CAP_MAX_VCPU_ID: ids are below it. */
export const MAX_VCPU_ID = 512;

const MPIDR_RES1 = 0x8000_0000;

/**
 * MPIDR_EL1 that KVM gives a vCPU of an id (reset_mpidr): sixteen CPUs a cluster at Aff0, for GICv3 addresses no more
 * by one SGI register, then Aff1 and Aff2.
 */
export function mpidrOfVcpu(id: number): bigint {
  return BigInt(((((id >> 12) & 0xff) << 16) | (((id >> 4) & 0xff) << 8) | (id & 0xf) | MPIDR_RES1) >>> 0);
}

/** What KVM_CREATE_VCPU says: EINVAL for an id above the limit, EEXIST for one that is taken. */
export function createVcpuResult(taken: readonly number[], id: number): Errno {
  if (!(id >= 0 && id < MAX_VCPU_ID)) return 'EINVAL';
  return taken.includes(id) ? 'EEXIST' : 'OK';
}
