import { defineInterface, i32, named, u32, u64, valueOr, word } from '@trapline/core';
import { XEN_CONVENTION } from './convention.js';
import { xenStatus } from './status.js';

/** A pointer of the guest's: guest-virtual. */
const pointer = named('pointer', u64);
/** Not negative, or an error. */
const result = valueOr(word, xenStatus);
const HEADER = 'public/xen.h';

/** A hypercall that takes a sub-operation and a structure for it. */
function operation(id: number, since: string, clause: string, summary: string) {
  return { id, since, clause, summary, arguments: { cmd: u32, arg: pointer }, returns: result } as const;
}

/** A hypercall that takes one structure, the sub-operation inside. */
function structure(id: number, since: string, clause: string, summary: string) {
  return { id, since, clause, summary, arguments: { op: pointer }, returns: result } as const;
}

/** A number that no ARM guest ever had: known so that a trace can name it. */
function absent(id: number, summary: string) {
  return { id, since: '3.0', clause: HEADER, summary, returns: result } as const;
}

/**
 * All of Xen's hypercalls, by number. ARM's column (include/hypercall-defs.c) is the part that is answered; the deprecated
 * numbers and those of other architectures are ENOSYS for every ARM guest.
 */
export const xenAbi = defineInterface({
  name: 'xen',
  title: 'Xen hypercalls',
  source: 'Xen 4.17 xen/include/public, xen/include/hypercall-defs.c',
  convention: XEN_CONVENTION,
  calls: {
    setTrapTable: absent(0, 'x86 PV: trap handlers'),
    mmuUpdate: absent(1, 'x86 PV: page tables'),
    setGdt: absent(2, 'x86 PV: descriptor table'),
    stackSwitch: absent(3, 'x86 PV: kernel stack'),
    setCallbacks: absent(4, 'x86 PV: event callbacks'),
    fpuTaskswitch: absent(5, 'x86 PV: floating point'),
    schedOpCompat: {
      id: 6,
      since: '3.0',
      clause: 'public/sched.h',
      summary: 'Scheduling, as before 0x00030101; deprecated, never answered on ARM',
      arguments: { cmd: i32, arg: word },
      returns: result,
    },
    platformOp: structure(7, '3.0', 'public/platform.h', 'Platform services for the control domain'),
    setDebugreg: absent(8, 'x86 PV: debug registers'),
    getDebugreg: absent(9, 'x86 PV: debug registers'),
    updateDescriptor: absent(10, 'x86 PV: descriptor table'),
    memoryOp: operation(12, '3.0', 'public/memory.h', 'Reservations and the physical map'),
    multicall: {
      id: 13,
      since: '3.0',
      clause: HEADER,
      summary: 'A list of hypercalls',
      arguments: { callList: pointer, nrCalls: u32 },
      returns: result,
    },
    updateVaMapping: absent(14, 'x86 PV: page tables'),
    setTimerOp: absent(15, 'The singleshot timer; not on ARM, which has timers of its own'),
    eventChannelOpCompat: {
      id: 16,
      since: '3.0',
      clause: 'public/event_channel.h',
      summary: 'Event channels, as before 0x00030202; deprecated, never answered on ARM',
      arguments: { op: pointer },
      returns: result,
    },
    xenVersion: operation(17, '3.0', 'public/version.h', 'Version, build and features'),
    consoleIo: {
      id: 18,
      since: '3.0',
      clause: `${HEADER}, CONSOLEIO_*`,
      summary: "Xen's own console",
      arguments: { cmd: u32, count: u32, buffer: pointer },
      returns: result,
    },
    physdevOpCompat: {
      id: 19,
      since: '3.0',
      clause: 'public/physdev.h',
      summary: 'Physical devices, as before 0x00030202; deprecated, never answered on ARM',
      arguments: { op: pointer },
      returns: result,
    },
    grantTableOp: {
      id: 20,
      since: '3.0',
      clause: 'public/grant_table.h',
      summary: 'Sharing pages between domains',
      arguments: { cmd: u32, uop: pointer, count: u32 },
      returns: result,
    },
    vmAssist: {
      id: 21,
      since: '3.0',
      clause: `${HEADER}, VMASST_*`,
      summary: 'Switches for what the hypervisor does for the guest',
      arguments: { cmd: u32, type: u32 },
      returns: result,
    },
    updateVaMappingOtherdomain: absent(22, 'x86 PV: page tables'),
    iret: absent(23, 'x86 PV: return from a trap'),
    vcpuOp: {
      id: 24,
      since: '3.0',
      clause: 'public/vcpu.h',
      summary: 'Areas that Xen keeps for a vCPU',
      arguments: { cmd: i32, vcpuid: u32, extraArgs: pointer },
      returns: result,
    },
    setSegmentBase: absent(25, 'x86 PV: segment bases'),
    mmuextOp: absent(26, 'x86 PV: page tables'),
    xsmOp: structure(27, '3.0', 'public/xsm/flask_op.h', 'The security module'),
    nmiOp: absent(28, 'x86 PV: NMI callback'),
    schedOp: {
      ...operation(29, '3.0', 'public/sched.h', 'Yield, block, poll, shutdown, watchdog'),
      waits: true,
    },
    callbackOp: absent(30, 'x86 PV: callbacks'),
    xenoprofOp: absent(31, 'x86 PV: profiling'),
    eventChannelOp: operation(32, '3.0', 'public/event_channel.h', 'Event channels'),
    physdevOp: operation(33, '3.0', 'public/physdev.h', 'Physical devices'),
    hvmOp: operation(34, '3.0', 'public/hvm/hvm_op.h', 'Parameters of a domain'),
    sysctl: structure(35, '3.0', 'public/sysctl.h', 'System control for the control domain'),
    domctl: structure(36, '3.0', 'public/domctl.h', 'Domain control for the control domain'),
    kexecOp: absent(37, 'x86: kexec'),
    tmemOp: absent(38, 'Transcendent memory, gone since 4.13'),
    argoOp: {
      id: 39,
      since: '4.12',
      clause: 'public/argo.h',
      summary: 'Messages between domains',
      arguments: { cmd: u32, arg1: pointer, arg2: pointer, arg3: word, arg4: word },
      returns: result,
    },
    xenpmuOp: absent(40, 'x86: performance counters'),
    dmOp: {
      id: 41,
      since: '4.9',
      clause: 'public/hvm/dm_op.h',
      summary: 'Device models',
      arguments: { domid: u32, nrBufs: u32, bufs: pointer },
      returns: result,
    },
    hypfsOp: {
      id: 42,
      since: '4.14',
      clause: 'public/hypfs.h',
      summary: "Xen's file system of parameters",
      arguments: { cmd: u32, arg1: pointer, arg2: word, arg3: pointer, arg4: word },
      returns: result,
    },
    arch0: absent(48, 'x86: machine check'),
    arch1: absent(49, 'x86: paging continuation'),
    arch2: absent(50, 'architecture'),
    arch3: absent(51, 'architecture'),
    arch4: absent(52, 'architecture'),
    arch5: absent(53, 'architecture'),
    arch6: absent(54, 'architecture'),
    arch7: absent(55, 'architecture'),
  },
});

/** The name of a hypercall. */
export type HypercallName = keyof (typeof xenAbi)['calls'];
