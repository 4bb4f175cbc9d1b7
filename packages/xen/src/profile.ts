import type { Version } from '@trapline/smccc';
import type { HypercallName } from './abi/hypercalls.js';
import type { AccessPolicy } from './domain/policy.js';

/** Everything in which versions and builds of Xen differ for a guest, as data over one mechanism. */
export interface XenProfile {
  readonly name: string;
  readonly version: { readonly major: number; readonly minor: number };
  /** The security module that the build starts with (`xsm=`). */
  readonly policy: AccessPolicy['name'];
  /** Highest version of grant tables (`gnttab=max-ver`). */
  readonly grantVersion: 1 | 2;
  /** The hypercalls that are compiled in; all others are ENOSYS. */
  readonly hypercalls: readonly HypercallName[];
  /** XEN_DOMCTL_INTERFACE_VERSION and XEN_SYSCTL_INTERFACE_VERSION. */
  readonly domctlVersion: number;
  readonly sysctlVersion: number;
  /** Where Xen's own address space begins (XENVER_platform_parameters). */
  readonly virtStart: number;
  /** What the SMC Calling Convention's own calls tell. */
  readonly firmware: FirmwareProfile;
  readonly memory: MemoryProfile;
  readonly events: EventProfile;
  readonly grants: GrantProfile;
}

/** The answers of grant_table_op in which versions differ (common/grant_table.c). */
interface GrantProfile {
  /** A copy of no bytes is checked like any other (until 4.18): afterwards it is okay, whatever else it says. */
  readonly checksEmptyCopies: boolean;
  /** A list of frames is written on behind one that cannot be written (until 4.17): it ends there afterwards. */
  readonly listsFramesBehindFaults: boolean;
}

/** The answers of event_channel_op and vcpu_op in which versions differ. */
interface EventProfile {
  /** EVTCHNOP_bind_pirq finds a port before it finds no interrupt (ENOMEM, until 4.18): it is EOPNOTSUPP afterwards. */
  readonly looksForPirqs: boolean;
  /**
   * VCPUOP_register_vcpu_info is for oneself and for vCPUs that are off, a second time EINVAL (until 4.17): it is for any
   * vCPU afterwards, and a second time EBUSY before the place is looked at (common/domain.c, map_guest_area).
   */
  readonly registersVcpuInfoOfOthers: boolean;
}

/** The answers of memory_op in which versions differ. */
interface MemoryProfile {
  /** XENMEM_acquire_resource gives the size of a resource that it does not know: its error as a number (until 4.17). */
  readonly sizesUnknownResources: boolean;
  /** A domain that is dying can be claimed pages for (until 4.18). */
  readonly claimsForDying: boolean;
  /**
   * How a batch names the domain of foreign pages: by get_pg_owner, which knows DOMID_SELF, DOMID_IO and no caller's own
   * number, or by rcu_lock_remote_domain_by_id (from 4.20): numbers only, -EPERM for the caller's own.
   */
  readonly foreignDomain: 'page-owner' | 'remote';
}

/** The answers of Xen's firmware calls in which versions differ (arch/arm/vsmc.c). */
interface FirmwareProfile {
  /** SMCCC_VERSION. */
  readonly smccc: Version;
  /** How many calls the standard service and the hypervisor's own say they have. */
  readonly standardCalls: number;
  readonly hypervisorCalls: number;
}
