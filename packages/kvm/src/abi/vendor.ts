import { defineInterface, named, status, u32, u64, type ValueType, valueOr, word } from '@trapline/core';
import { smcccStatus } from '@trapline/smccc';

/**
 * KVM's own hypercalls: owner 6 of the function numbers, by HVC (Linux, Documentation/virt/kvm/arm/hypercalls.rst and
 * ptp_kvm.rst, include/linux/arm-smccc.h). Calls 5, 6, 8 and 9 are Android's, not in the upstream kernel.
 */

/** The UUID under which KVM answers CALL_UID of owner 6. */
export const KVM_UID = '28b46fb6-2ec5-11e9-a9ca-4b564d003a74';

/** Which counter PTP is to be read against. */
export const PTP_VIRTUAL_COUNTER = 0;
export const PTP_PHYSICAL_COUNTER = 1;

/** How many function numbers the feature bitmap tells of. */
export const KVM_FUNCTIONS = 128;

/** The address of a granule of guest memory. */
const granule: ValueType<number | bigint, bigint> = named('granule address', u64);
/** Must be zero. */
const reserved: ValueType<number | bigint, bigint> = named('reserved', u64, { edges: [0n, 0n, 0n, 1n] });
const code = status(smcccStatus);
const ptpCounter: ValueType<number> = named('counter', u32, { edges: [0n, 1n, 2n, 0xffff_ffffn] });

/** Every call, by the last part of its name in the kernel. */
export const vendorAbi = defineInterface({
  name: 'kvm',
  title: 'KVM/arm64 hypercalls',
  source: 'Linux, Documentation/virt/kvm/arm/hypercalls.rst',
  calls: {
    features: {
      id: 0x8600_0000,
      since: '5.12',
      clause: 'FEATURES',
      summary: 'Which functions there are: a bitmap of 128 bits, 32 in each register.',
      returns: { functions0: u32, functions32: u32, functions64: u32, functions96: u32 },
    },
    ptp: {
      id: 0x8600_0001,
      since: '5.13',
      clause: 'PTP',
      summary: 'The host’s wall clock in nanoseconds and the counter at the same moment.',
      arguments: { counter: ptpCounter },
      returns: { wallHigh: valueOr(u32, smcccStatus), wallLow: u32, counterHigh: u32, counterLow: u32 },
      errors: ['NOT_SUPPORTED'],
    },
    hypMeminfo: {
      id: 0xc600_0002,
      since: '6.12',
      clause: 'HYP_MEMINFO',
      summary: 'The granule of memory protection, in bytes.',
      arguments: { reserved1: reserved, reserved2: reserved, reserved3: reserved },
      returns: valueOr(u64, smcccStatus),
      errors: ['INVALID_PARAMETER'],
    },
    memShare: {
      id: 0xc600_0003,
      since: '6.12',
      clause: 'MEM_SHARE',
      summary: 'Lets the host read, write and execute a granule.',
      arguments: { address: granule, reserved2: reserved, reserved3: reserved },
      returns: code,
      errors: ['SUCCESS', 'INVALID_PARAMETER'],
    },
    memUnshare: {
      id: 0xc600_0004,
      since: '6.12',
      clause: 'MEM_UNSHARE',
      summary: 'Takes a shared granule back.',
      arguments: { address: granule, reserved2: reserved, reserved3: reserved },
      returns: code,
      errors: ['SUCCESS', 'INVALID_PARAMETER'],
    },
    mmioGuardInfo: {
      id: 0xc600_0005,
      since: 'android14',
      clause: 'MMIO_GUARD_INFO',
      summary: 'The granule of the MMIO guard, in bytes.',
      arguments: { reserved1: reserved, reserved2: reserved, reserved3: reserved },
      returns: valueOr(u64, smcccStatus),
      errors: ['INVALID_PARAMETER'],
    },
    mmioGuardEnroll: {
      id: 0xc600_0006,
      since: 'android14',
      clause: 'MMIO_GUARD_ENROLL',
      summary: 'From now on only granules that were mapped for it are handled as MMIO.',
      returns: code,
      errors: ['SUCCESS'],
    },
    mmioGuardMap: {
      id: 0xc600_0007,
      since: '6.12',
      clause: 'MMIO_GUARD',
      summary: 'Lets the host handle accesses to a granule as MMIO.',
      arguments: { address: granule, reserved2: reserved, reserved3: reserved },
      returns: code,
      errors: ['SUCCESS', 'INVALID_PARAMETER'],
    },
    mmioGuardUnmap: {
      id: 0xc600_0008,
      since: 'android14',
      clause: 'MMIO_GUARD_UNMAP',
      summary: 'Takes that back.',
      arguments: { address: granule, reserved2: reserved, reserved3: reserved },
      returns: code,
      errors: ['SUCCESS', 'INVALID_PARAMETER'],
    },
    memRelinquish: {
      id: 0xc600_0009,
      since: 'android14',
      clause: 'MEM_RELINQUISH',
      summary: 'Gives a granule back to the host, cleared.',
      arguments: { address: granule, reserved2: reserved, reserved3: reserved },
      returns: code,
      errors: ['SUCCESS', 'INVALID_PARAMETER'],
    },
    discoverImplVer: {
      id: 0xc600_0040,
      since: '6.15',
      clause: 'DISCOVER_IMPL_VER',
      summary: 'How many CPU implementations the guest may find itself on.',
      returns: { result: code, version: u64, implementations: u64 },
      errors: ['SUCCESS', 'NOT_SUPPORTED'],
    },
    discoverImplCpus: {
      id: 0xc600_0041,
      since: '6.15',
      clause: 'DISCOVER_IMPL_CPUS',
      summary: 'One of them.',
      arguments: { index: named('index', word, { edges: [0n, 1n, 2n, 0xffff_ffffn, 1n << 32n] }) },
      returns: { result: code, midr: u64, revidr: u64, aidr: u64 },
      errors: ['SUCCESS', 'NOT_SUPPORTED', 'INVALID_PARAMETER'],
    },
  },
});
