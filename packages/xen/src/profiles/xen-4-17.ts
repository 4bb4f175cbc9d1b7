import type { XenProfile } from '../profile.js';

/**
 * Xen 4.17 as Debian 12 builds it: no debugging, SILO, no device models, no argo. Grant tables are of version 1 on ARM
 * (asm/grant_table.h, GNTTAB_MAX_VERSION).
 */
export const XEN_4_17: XenProfile = {
  name: 'xen-4.17',
  version: { major: 4, minor: 17 },
  policy: 'silo',
  grantVersion: 1,
  hypercalls: [
    'schedOpCompat',
    'platformOp',
    'memoryOp',
    'multicall',
    'eventChannelOpCompat',
    'xenVersion',
    'consoleIo',
    'physdevOpCompat',
    'grantTableOp',
    'vmAssist',
    'vcpuOp',
    'xsmOp',
    'schedOp',
    'eventChannelOp',
    'physdevOp',
    'hvmOp',
    'sysctl',
    'domctl',
    'hypfsOp',
  ],
  domctlVersion: 0x15,
  sysctlVersion: 0x15,
  // XEN_VIRT_START (arch/arm/include/asm/config.h).
  virtStart: 0x20_0000,
  firmware: { smccc: { major: 1, minor: 1 }, standardCalls: 15, hypervisorCalls: 3 },
  memory: { sizesUnknownResources: true, claimsForDying: true, foreignDomain: 'page-owner' },
  events: { looksForPirqs: true, registersVcpuInfoOfOthers: false },
  grants: { checksEmptyCopies: true, listsFramesBehindFaults: true },
};
