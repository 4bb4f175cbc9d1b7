import type { FreeBlock } from '../memory/heap.js';

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
  /** XENVER_capabilities: guest types, each followed by a space; by {@link pfr0} where absent. */
  readonly capabilities: string | undefined;
  /** ID_AA64PFR0_EL1: whether guests may be 32-bit. */
  readonly pfr0: bigint;
  /** MIDR_EL1, in place of the guests' own. */
  readonly midr: number | undefined;
  /** XENVER_commandline, which the control domain may read. */
  readonly commandLine: string;
  /** XENVER_build_id; undefined for a Xen linked without one. */
  readonly buildId: Uint8Array | undefined;
  /** The run-time parameters that hypfs shows (`/params`), by name: 31 characters each at most. */
  readonly parameters: Readonly<Record<string, string>>;
  /** XENMEM_maximum_ram_page: the highest machine frame of RAM, and one more. */
  readonly maximumRamPage: number;
  /** XEN_SYSCTL_physinfo. */
  readonly cpus: number;
  readonly cpuKhz: number;
  readonly totalPages: number;
  readonly freePages: number;
  /** What the firmware below says of speculative store bypass (ARM_SSBD_*): it decides about SMCCC_ARCH_WORKAROUND_2. */
  readonly ssbd: 'runtime' | 'unknown' | 'mitigated';
  /**
   * The free blocks of the machine's heap once the domains have been built, of each order the one that is allocated first
   * to begin with. Xen fills the code of its start with a word before it frees it, and a guest that balloons sees that.
   * Pages beyond these are zeros.
   */
  readonly freeBlocks: readonly FreeBlock[];
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
  capabilities: undefined,
  pfr0: 0x100_0222n,
  midr: undefined,
  commandLine: '',
  buildId: undefined,
  parameters: {
    conswitch: 'a',
    console_timestamps: 'none',
    'crash-debug-debugkey': '',
    'crash-debug-hwdom': '',
    'crash-debug-panic': '',
    'crash-debug-watchdog': '',
    gnttab_max_frames: '64',
    gnttab_max_maptrack_frames: '1024',
    guest_loglvl: 'none/warning',
    loglvl: 'none/warning',
  },
  maximumRamPage: 0x8_0000,
  cpus: 1,
  cpuKhz: 62_500,
  totalPages: 0x4_0000,
  freePages: 0x1_0000,
  ssbd: 'runtime',
  freeBlocks: [],
  physicalAddressBits: 44,
};
