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
  /** Where Xen's own address space begins (XENVER_platform_parameters). */
  readonly virtStart: number;
}
