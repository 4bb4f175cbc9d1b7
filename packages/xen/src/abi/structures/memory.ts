import { defineStructure, defineUnion, domid, handle, u8, u16, u32, u64, ulong } from '../structure.js';

/** Structures of memory_op (public/memory.h). */

/** XENMEM_increase_reservation, decrease_reservation, populate_physmap and claim_pages. */
export const xenMemoryReservation = defineStructure('xen_memory_reservation', {
  /** A list of frames: where extents begin. */
  extentStart: handle,
  nrExtents: ulong,
  /** An extent has 2^extentOrder pages. */
  extentOrder: u32,
  memFlags: u32,
  domid,
});

/** Bits of {@link xenMemoryReservation}'s memFlags (XENMEMF_*); bits 7:0 limit the address, bits 15:8 are a node and one. */
export const XENMEMF = { populateOnDemand: 0x1_0000, exactNode: 0x2_0000, vnode: 0x4_0000 } as const;

export const xenMemoryExchange = defineStructure('xen_memory_exchange', {
  in: xenMemoryReservation,
  out: xenMemoryReservation,
  nrExchanged: ulong,
});

/** The domain that is asked about: the whole structure (struct xen_memory_domain). */
export const xenMemoryDomain = defineStructure('xen_memory_domain', { domid });

export const xenMachphysMfnList = defineStructure('xen_machphys_mfn_list', {
  maxExtents: u32,
  extentStart: handle,
  nrExtents: u32,
});

export const xenMachphysMapping = defineStructure('xen_machphys_mapping', {
  vStart: ulong,
  vEnd: ulong,
  maxMfn: ulong,
});

/** What {@link xenAddToPhysmap} can map (XENMAPSPACE_*). */
export const XENMAPSPACE = {
  sharedInfo: 0,
  grantTable: 1,
  gmfn: 2,
  gmfnRange: 3,
  gmfnForeign: 4,
  devMmio: 5,
} as const;

export const xenAddToPhysmap = defineStructure('xen_add_to_physmap', {
  domid,
  /** Pages of a range (gmfnRange). */
  size: u16,
  space: u32,
  idx: ulong,
  gpfn: ulong,
});

/** What else counts for the space of a batch. */
const xenAddToPhysmapBatchExtra = defineUnion('xen_add_to_physmap_batch.u', { foreignDomid: domid, res0: u16 });

export const xenAddToPhysmapBatch = defineStructure('xen_add_to_physmap_batch', {
  domid,
  space: u16,
  size: u16,
  u: xenAddToPhysmapBatchExtra,
  /** Lists of `size` numbers each: what is mapped, where, and what came of it (32-bit errors). */
  idxs: handle,
  gpfns: handle,
  errs: handle,
});

export const xenRemoveFromPhysmap = defineStructure('xen_remove_from_physmap', { domid, gpfn: ulong });

export const xenMemoryMap = defineStructure('xen_memory_map', { nrEntries: u32, buffer: handle });

export const xenForeignMemoryMap = defineStructure('xen_foreign_memory_map', { domid, map: xenMemoryMap });

export const xenPodTarget = defineStructure('xen_pod_target', {
  targetPages: u64,
  totPages: u64,
  podCachePages: u64,
  podEntries: u64,
  domid,
});

export const xenMemPagingOp = defineStructure('xen_mem_paging_op', { op: u8, domain: domid, buffer: handle, gfn: u64 });

export const xenMemAccessOp = defineStructure('xen_mem_access_op', {
  op: u8,
  access: u8,
  domid,
  nr: u32,
  pfn: u64,
  pfnList: handle,
  accessList: handle,
});

/** Its longest member; none is understood on ARM. */
const sharingShare = defineStructure('mem_sharing_op_share', {
  sourceGfn: u64,
  sourceHandle: u64,
  clientGfn: u64,
  clientHandle: u64,
  clientDomain: domid,
});

export const xenMemSharingOp = defineStructure('xen_mem_sharing_op', { op: u8, domain: domid, share: sharingShare });

/** A device on PCI (physdev_pci_device). */
const pciDevice = defineStructure('physdev_pci_device', { seg: u16, bus: u8, devfn: u8 });

/** XENMEM_RDM_ALL: of all devices, not of the one that is named. */
export const XENMEM_RDM_ALL = 1;

export const xenReservedDeviceMemoryMap = defineStructure('xen_reserved_device_memory_map', {
  flags: u32,
  nrEntries: u32,
  buffer: handle,
  pci: pciDevice,
});

/** What {@link xenMemAcquireResource} can map (XENMEM_resource_*). */
export const XENMEM_RESOURCE = { ioreqServer: 0, grantTable: 1, vmtraceBuf: 2 } as const;

/** Which frames of a grant table (XENMEM_resource_grant_table_id_*). */
export const GRANT_RESOURCE = { shared: 0, status: 1 } as const;

export const xenMemAcquireResource = defineStructure('xen_mem_acquire_resource', {
  domid,
  type: u16,
  id: u32,
  nrFrames: u32,
  pad: u32,
  frame: u64,
  frameList: handle,
});

export const xenVnumaTopologyInfo = defineStructure('xen_vnuma_topology_info', {
  domid,
  pad: u16,
  nrVnodes: u32,
  nrVcpus: u32,
  nrVmemranges: u32,
  vdistance: handle,
  vcpuToVnode: handle,
  vmemrange: handle,
});
