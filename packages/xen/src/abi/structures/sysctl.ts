import { aligned, array, bytes, defineStructure, domid, handle, u8, u32, u64 } from '../structure.js';

/** XEN_SYSCTL_readconsole (public/sysctl.h). */
export const xenSysctlReadconsole = defineStructure('xen_sysctl_readconsole', {
  clear: u8,
  incremental: u8,
  pad0: u8,
  pad1: u8,
  index: u32,
  buffer: handle,
  count: u32,
});

/** XEN_SYSCTL_physinfo. */
export const xenSysctlPhysinfo = defineStructure('xen_sysctl_physinfo', {
  threadsPerCore: u32,
  coresPerSocket: u32,
  nrCpus: u32,
  maxCpuId: u32,
  nrNodes: u32,
  maxNodeId: u32,
  cpuKhz: u32,
  capabilities: u32,
  archCapabilities: u32,
  pad: u32,
  totalPages: u64,
  freePages: u64,
  scrubPages: u64,
  outstandingPages: u64,
  maxMfn: u64,
  hwCap: array(u32, 8),
});

/** XEN_SYSCTL_getdomaininfolist. */
export const xenSysctlGetdomaininfolist = defineStructure('xen_sysctl_getdomaininfolist', {
  firstDomain: domid,
  maxDomains: u32,
  buffer: handle,
  numDomains: u32,
});

/** XEN_SYSCTL_getcpuinfo. */
export const xenSysctlGetcpuinfo = defineStructure('xen_sysctl_getcpuinfo', {
  maxCpus: u32,
  info: handle,
  nrCpus: u32,
});

/** XEN_SYSCTL_availheap. */
export const xenSysctlAvailheap = defineStructure('xen_sysctl_availheap', {
  minBitwidth: u32,
  maxBitwidth: u32,
  node: u32,
  availBytes: u64,
});

/** sysctl's operand: what the command takes stands at `u`. */
export const xenSysctl = defineStructure('xen_sysctl', {
  cmd: u32,
  interfaceVersion: u32,
  u: aligned(8, bytes(128)),
});

/** XEN_SYSCTL_*: the commands that this package answers. */
export const SYSCTL = {
  readconsole: 1,
  physinfo: 3,
  schedId: 4,
  getdomaininfolist: 6,
  getcpuinfo: 8,
  availheap: 9,
} as const;

/** XEN_SYSCTL_PHYSCAP_* that ARM sets. */
export const PHYSCAP = { hvm: 1, hap: 8, vpmu: 0x80, gnttabV1: 0x100, gnttabV2: 0x200 } as const;
/** XEN_SCHEDULER_CREDIT2: the scheduler that a build starts with. */
export const SCHEDULER_CREDIT2 = 6;
