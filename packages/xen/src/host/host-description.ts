/**
 * The machine under Xen and the build of Xen itself, as far as hypercalls tell of them: what no profile can know. Every
 * field has a default of a small machine without secrets.
 */
export interface HostDescription {
  /** XENVER_extraversion: what follows `major.minor`. */
  readonly extraVersion: string;
  /** XENVER_compile_info. */
  readonly compiler: string;
  readonly compiledBy: string;
  readonly compileDomain: string;
  readonly compileDate: string;
  /** XENVER_changeset. */
  readonly changeset: string;
  /** XENVER_capabilities: guest types, each followed by a space. */
  readonly capabilities: string;
  /** XENVER_commandline, which the control domain may read. */
  readonly commandLine: string;
  /** XENVER_build_id; undefined for a Xen linked without one. */
  readonly buildId: Uint8Array | undefined;
  /** XENMEM_maximum_ram_page: the highest machine frame of RAM, and one more. */
  readonly maximumRamPage: number;
  /** XEN_SYSCTL_physinfo. */
  readonly cpus: number;
  readonly cpuKhz: number;
  readonly totalPages: number;
  readonly freePages: number;
  /** What the firmware below says of speculative store bypass (ARM_SSBD_*): it decides about SMCCC_ARCH_WORKAROUND_2. */
  readonly ssbd: 'runtime' | 'unknown' | 'mitigated';
  /** Bits of the guest's physical addresses (the p2m's input size). */
  readonly physicalAddressBits: number;
}

/** The defaults of {@link HostDescription}. */
export const DEFAULT_HOST: HostDescription = {
  extraVersion: '.0',
  compiler: 'trapline',
  compiledBy: '',
  compileDomain: '',
  compileDate: '',
  changeset: '',
  capabilities: 'xen-3.0-aarch64 xen-3.0-armv7l ',
  commandLine: '',
  buildId: undefined,
  maximumRamPage: 0x8_0000,
  cpus: 1,
  cpuKhz: 62_500,
  totalPages: 0x4_0000,
  freePages: 0x1_0000,
  ssbd: 'runtime',
  physicalAddressBits: 44,
};
