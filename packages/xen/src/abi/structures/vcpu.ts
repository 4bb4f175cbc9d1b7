import { array, bytes, defineStructure, handle, s8, s32, u8, u32, u64, ulong } from '../structure.js';

/** Structures of vcpu_op (public/vcpu.h), and what a vCPU shares with Xen (public/xen.h). */

export const vcpuRegisterVcpuInfo = defineStructure('vcpu_register_vcpu_info', { mfn: u64, offset: u32, rsvd: u32 });

export const vcpuRegisterRunstateMemoryArea = defineStructure('vcpu_register_runstate_memory_area', { addr: handle });

export const vcpuRunstateInfo = defineStructure('vcpu_runstate_info', {
  state: s32,
  stateEntryTime: u64,
  time: array(u64, 4),
});

/** What a vCPU does (RUNSTATE_*): the index of {@link vcpuRunstateInfo}'s `time`. */
export const RUNSTATE = { running: 0, runnable: 1, blocked: 2, offline: 3 } as const;

/** Bit of `stateEntryTime` that says: being changed (XEN_RUNSTATE_UPDATE), for guests that ask for it by vm_assist. */
export const XEN_RUNSTATE_UPDATE: bigint = 1n << 63n;

/** Time as x86 guests read it; ARM guests have the architecture's timer, and Xen leaves it zero. */
export const vcpuTimeInfo = defineStructure('vcpu_time_info', {
  version: u32,
  pad0: u32,
  tscTimestamp: u64,
  systemTime: u64,
  tscToSystemMul: u32,
  tscShift: s8,
  flags: u8,
  pad1: bytes(2),
});

export const vcpuInfo = defineStructure('vcpu_info', {
  evtchnUpcallPending: u8,
  pad0: u8,
  evtchnPendingSel: ulong,
  time: vcpuTimeInfo,
});
