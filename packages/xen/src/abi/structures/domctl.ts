import { aligned, array, bytes, defineStructure, domid, u8, u16, u32, u64 } from '../structure.js';

/** What a domain is built with on ARM (public/arch-arm.h). */
const xenArchDomainconfig = defineStructure('xen_arch_domainconfig', {
  gicVersion: u8,
  teeType: u16,
  nrSpis: u32,
  clockFrequency: u32,
});

/** XEN_DOMCTL_getdomaininfo, and an element of XEN_SYSCTL_getdomaininfolist (public/domctl.h). */
export const xenDomctlGetdomaininfo = defineStructure('xen_domctl_getdomaininfo', {
  domain: domid,
  pad1: u16,
  flags: u32,
  totPages: u64,
  maxPages: u64,
  outstandingPages: u64,
  shrPages: u64,
  pagedPages: u64,
  sharedInfoFrame: u64,
  cpuTime: u64,
  nrOnlineVcpus: u32,
  maxVcpuId: u32,
  ssidref: u32,
  handle: bytes(16),
  cpupool: u32,
  gpaddrBits: u8,
  pad2: array(u8, 7),
  archConfig: xenArchDomainconfig,
});

/** XEN_DOMCTL_getvcpuinfo. */
export const xenDomctlGetvcpuinfo = defineStructure('xen_domctl_getvcpuinfo', {
  vcpu: u32,
  online: u8,
  blocked: u8,
  running: u8,
  cpuTime: u64,
  cpu: u32,
});

/** domctl's operand: what the command takes stands at `u`. */
export const xenDomctl = defineStructure('xen_domctl', {
  cmd: u32,
  interfaceVersion: u32,
  domain: domid,
  pad: array(u16, 3),
  u: aligned(8, bytes(128)),
});

/** XEN_DOMINF_*: flags of {@link xenDomctlGetdomaininfo}; the shutdown code stands above {@link DOMINF_CODE_SHIFT}. */
export const DOMINF = { dying: 1, hvm: 2, shutdown: 4, paused: 8, blocked: 16, running: 32, hap: 256 } as const;
export const DOMINF_CODE_SHIFT = 16;

/** XEN_DOMCTL_*: the commands that this package knows by name. */
export const DOMCTL = {
  createdomain: 1,
  destroydomain: 2,
  pausedomain: 3,
  unpausedomain: 4,
  getdomaininfo: 5,
  maxMem: 11,
  getvcpuinfo: 14,
  maxVcpus: 15,
  setdomainhandle: 17,
  setdebugging: 18,
  settimeoffset: 24,
  resumedomain: 27,
  subscribe: 29,
  assignDevice: 37,
  setTarget: 46,
  testAssignDevice: 45,
  deassignDevice: 47,
  vmEventOp: 56,
  setVirqHandler: 66,
} as const;
