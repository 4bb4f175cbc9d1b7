import {
  type AttachedGuest,
  type Attachment,
  CompositionError,
  type PortName,
  perGuest,
  type Service,
} from '@trapline/core';
import { type CpuImplementation, MAX_IMPLEMENTATIONS } from './calls/implementations.js';
import type { ProtectedOptions } from './calls/protected.js';
import type { HostCpu } from './host/host-cpu.js';
import { type KvmProfile, type KvmProfileName, PROFILE_NAMES, PROFILES } from './profile.js';
import { attachVm } from './vm-attachment.js';
import type { Vm } from './vmm/vm.js';

/** How {@link hypervisor} answers. */
export interface HypervisorOptions {
  /** One of this package's profiles, or one of your own as data; `linux-6.12` where absent. */
  readonly profile?: KvmProfileName | KvmProfile;
  /** The host's CPUs, as a name of `HOST_CPUS` or as data; by the guest's MIDR_EL1 where absent. */
  readonly hostCpu?: HostCpu | string;
  /** Capabilities of the host, over the profile's. */
  readonly capabilities?: Readonly<Record<string, number>>;
  /** Whether vCPUs begin with the feature KVM_ARM_VCPU_PSCI_0_2; without it they have PSCI 0.1. True where absent. */
  readonly psci02?: boolean;
  /** KVM_CAP_ARM_SYSTEM_SUSPEND enabled from the start. */
  readonly systemSuspend?: boolean;
  /** What CNTVCT_EL0 of the guest lags behind CNTPCT_EL0. */
  readonly virtualOffset?: bigint;
  /** Later kernels' DISCOVER_IMPL calls, answered for the VMM with these CPUs. */
  readonly implementations?: readonly CpuImplementation[];
  /** A protected VM (pKVM), with the calls that share its memory. */
  readonly protected?: ProtectedOptions;
  /** Gives the VMM its side of each guest's VM, when the machine is built. */
  readonly connect?: (vm: Vm, guest: AttachedGuest) => void;
}

const NEEDS: readonly PortName[] = ['power', 'memory', 'interrupts', 'clock', 'random', 'system'];

/**
 * KVM for its guests: PSCI, SMCCC, TRNG, PV time and KVM's own calls, as one kernel answers them, at EL2.
 *
 * Every guest is a VM of its own; `connect` hands out the VMM's side of it. Throws {@link CompositionError} for a
 * profile or host CPU that is not there, and for more implementations than {@link MAX_IMPLEMENTATIONS}.
 */
export function hypervisor(options: HypervisorOptions = {}): Service {
  const known = profileOf(options.profile ?? 'linux-6.12');
  const profile = { ...known, capabilities: { ...known.capabilities, ...options.capabilities } };
  if ((options.implementations?.length ?? 0) > MAX_IMPLEMENTATIONS) {
    throw new CompositionError(`more than ${MAX_IMPLEMENTATIONS} CPU implementations`, 'give fewer');
  }
  return perGuest({
    name: `kvm (${profile.name})`,
    levels: ['el2', 'outside'],
    needs: NEEDS,
    attach: (guest): Attachment => attachVm(guest, profile, options),
  });
}

function profileOf(profile: KvmProfileName | KvmProfile): KvmProfile {
  if (typeof profile !== 'string') return profile;
  if (Object.hasOwn(PROFILES, profile)) return PROFILES[profile];
  throw new CompositionError(`kvm has no profile ${profile}`, `use one of ${PROFILE_NAMES.join(', ')}`);
}
