/** Registers of a virtual processor that are answered here (Linux, hyperv-tlfs.h of arm64; openvmm, hvdef). */
export const VpRegister = {
  HYPERVISOR_VERSION: 0x100,
  /** Privileges and features: what CPUID 0x40000003 is on x64. */
  FEATURES: 0x200,
  /** Hints: what CPUID 0x40000004 is on x64. */
  ENLIGHTENMENTS: 0x201,
  GUEST_OS_ID: 0x9_0002,
  VP_INDEX: 0x9_0003,
  TIME_REF_COUNT: 0x9_0004,
} as const;

/** The partition and the processor that call (openvmm, hvdef). */
export const PARTITION_ID_SELF: bigint = 2n ** 64n - 1n;
export const VP_INDEX_SELF = 0xffff_fffe;

/** Bits of the first word of {@link VpRegister.FEATURES}: registers that a partition may read. */
export const ACCESS_REFERENCE_COUNTER = 1 << 1;
export const ACCESS_VP_INDEX = 1 << 6;
/** Bits of its second word: hypercalls that it may make. */
export const POST_MESSAGES = 1 << 4;
export const SIGNAL_EVENTS = 1 << 5;

/** A register's 128 bits as four words, the lowest first. */
export type Words = readonly [number, number, number, number];

/** The hypervisor's version, in the parts that Linux prints. */
export interface HyperVVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly servicePack: number;
  readonly serviceBranch: number;
  readonly serviceNumber: number;
}

/** A version as {@link VpRegister.HYPERVISOR_VERSION} holds it (Linux, arch/arm64/hyperv/mshyperv.c). */
export function versionWords(version: HyperVVersion): Words {
  const { major, minor, build, servicePack, serviceBranch, serviceNumber } = version;
  return [build, (major << 16) | (minor & 0xffff), servicePack, (serviceBranch << 24) | (serviceNumber & 0xff_ffff)];
}

/** The way back from {@link versionWords}. */
export function versionOf([build, number, servicePack, service]: Words): HyperVVersion {
  return {
    major: number >>> 16,
    minor: number & 0xffff,
    build,
    servicePack,
    serviceBranch: service >>> 24,
    serviceNumber: service & 0xff_ffff,
  };
}
