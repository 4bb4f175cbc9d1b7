import { CompositionError } from '@trapline/core';
import { CORTEX_A57, CORTEX_A72, cpuModel } from '@trapline/smccc';

/** What the host kernel says of its CPUs and a vulnerability (Linux, arch/arm64/kernel/proton-pack.c). */
export type Vulnerability = 'unaffected' | 'mitigated' | 'vulnerable';

/** What a KVM guest learns of the CPUs of its host. */
export interface HostCpu {
  /** CVE-2017-5715, Spectre v2: `mitigated` where the host kernel has its firmware's WORKAROUND_1. */
  readonly spectreV2: Vulnerability;
  /** CVE-2018-3639, Spectre v4. */
  readonly spectreV4: Vulnerability;
  /** Whether all CPUs have SSBS: guests mitigate Spectre v4 themselves then. */
  readonly ssbs: boolean;
  /** CVE-2022-23960, Spectre BHB. */
  readonly spectreBhb: Vulnerability;
}

/** A host on which nothing is needed. */
const UNAFFECTED: HostCpu = { spectreV2: 'unaffected', spectreV4: 'unaffected', ssbs: false, spectreBhb: 'unaffected' };
/** A CPU whose mitigations take firmware that the host does not have. */
const UNMITIGATED: HostCpu = {
  spectreV2: 'vulnerable',
  spectreV4: 'vulnerable',
  ssbs: false,
  spectreBhb: 'vulnerable',
};

/** Hosts by the name of their CPU, as recorded: under firmware that offers no mitigation. */
export const HOST_CPUS: Readonly<Record<string, HostCpu>> = {
  'cortex-a53': UNAFFECTED,
  'cortex-a57': UNMITIGATED,
  'cortex-a72': UNMITIGATED,
  /** CSV2 and SSBS; its branch history is mitigated by a loop in the kernel. */
  'neoverse-n1': { spectreV2: 'unaffected', spectreV4: 'mitigated', ssbs: true, spectreBhb: 'mitigated' },
  /** QEMU's: CSV2 and SSBS, not on the kernel's list of CPUs that the branch history loop protects. */
  max: { spectreV2: 'unaffected', spectreV4: 'mitigated', ssbs: true, spectreBhb: 'vulnerable' },
};

/** Host CPUs by the MIDR_EL1 that a guest of the machine reads; others count as unaffected. */
const BY_MODEL: Readonly<Record<number, string>> = {
  [CORTEX_A57]: 'cortex-a57',
  [CORTEX_A72]: 'cortex-a72',
  1091555376: 'cortex-a53',
  1091555520: 'neoverse-n1',
};

/**
 * The host of a guest: given, by name, or by the guest's MIDR.
 *
 * Throws {@link CompositionError} for a name that is not in {@link HOST_CPUS}.
 */
export function hostCpuOf(host: HostCpu | string | undefined, midr: number): HostCpu {
  if (typeof host === 'object') return host;
  if (host === undefined) return HOST_CPUS[BY_MODEL[cpuModel(midr)] ?? 'cortex-a53'] as HostCpu;
  if (Object.hasOwn(HOST_CPUS, host)) return HOST_CPUS[host] as HostCpu;
  throw new CompositionError(
    `kvm knows no host CPU ${host}`,
    `use one of ${Object.keys(HOST_CPUS).join(', ')}, or say what its mitigations are`,
  );
}
