import type { XenProfile } from '../profile.js';
import { XEN_4_17 } from './xen-4-17.js';

/**
 * What guests see of Xen 4.18 to 4.20 that differs from 4.17, by the stable branches' sources: SMCCC 1.2 (arch/arm/vsmc.c,
 * 4.18), no address of Xen's in XENVER_platform_parameters (common/kernel.c, 4.18), and the interface versions of domctl
 * (public/domctl.h), and what memory_op says of unknown resources (common/memory.c, 4.18), of claims for the dying (4.19)
 * and of foreign domains (arch/arm/mm.c, 4.20), where a vcpu_info can be placed (common/domain.c, 4.18), and that there are
 * no physical interrupts to bind (common/event_channel.c, 4.19). PSCI is 1.1 in all of them, and the service UID has stayed at owner 5; FF-A and TEEs are off in a
 * default build.
 */
export const XEN_4_18: XenProfile = {
  ...XEN_4_17,
  name: 'xen-4.18',
  version: { major: 4, minor: 18 },
  domctlVersion: 0x16,
  virtStart: 0,
  firmware: { ...XEN_4_17.firmware, smccc: { major: 1, minor: 2 } },
  memory: { ...XEN_4_17.memory, sizesUnknownResources: false },
  events: { ...XEN_4_17.events, registersVcpuInfoOfOthers: true },
  grants: { ...XEN_4_17.grants, listsFramesBehindFaults: false },
};

export const XEN_4_19: XenProfile = {
  ...XEN_4_18,
  name: 'xen-4.19',
  version: { major: 4, minor: 19 },
  domctlVersion: 0x17,
  memory: { ...XEN_4_18.memory, claimsForDying: false },
  events: { ...XEN_4_18.events, looksForPirqs: false },
  grants: { ...XEN_4_18.grants, checksEmptyCopies: false },
};

export const XEN_4_20: XenProfile = {
  ...XEN_4_19,
  name: 'xen-4.20',
  version: { major: 4, minor: 20 },
  memory: { ...XEN_4_19.memory, foreignDomain: 'remote' },
};
