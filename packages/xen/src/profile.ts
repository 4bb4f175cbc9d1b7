import type { AccessPolicy } from './domain/policy.js';

/** Everything in which versions and builds of Xen differ for a guest, as data over one mechanism. */
export interface XenProfile {
  readonly name: string;
  readonly version: { readonly major: number; readonly minor: number };
  /** The security module that the build starts with (`xsm=`). */
  readonly policy: AccessPolicy['name'];
  /** Highest version of grant tables (`gnttab=max-ver`). */
  readonly grantVersion: 1 | 2;
}
