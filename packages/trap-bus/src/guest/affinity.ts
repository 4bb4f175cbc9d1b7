/** vCPUs in a cluster, as GICv3's SGI target lists have it: Aff0 counts to 16, then Aff1. */
const CLUSTER = 16;

/** MPIDR_EL1 of a guest's n-th vCPU where nobody says: 16 in a cluster, bit 31 set. */
export function mpidrOf(index: number): bigint {
  const cluster = Math.floor(index / CLUSTER);
  const affinity = (index % CLUSTER) | ((cluster & 0xff) << 8) | ((cluster >>> 8) << 16);
  return 0x8000_0000n | BigInt(affinity);
}
