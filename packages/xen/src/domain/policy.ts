import type { Domain } from './domain.js';

/**
 * What the security module lets domains do to one another (xen/include/xsm, 4.17). `dummy` knows only privileges, `silo`
 * (Debian's default) keeps ordinary domains apart as well.
 */
export interface AccessPolicy {
  readonly name: 'dummy' | 'silo';
  /** XSM_PRIV: the control domain only. */
  privileged(caller: Domain): boolean;
  /** XSM_TARGET: oneself, or anyone for the control domain. */
  target(caller: Domain, target: Domain): boolean;
  /** Whether two domains may share event channels and grants at all. */
  mayTalk(one: Domain, other: Domain): boolean;
}

const dummy: AccessPolicy = {
  name: 'dummy',
  privileged: (caller) => caller.privileged,
  target: (caller, target) => caller === target || caller.privileged,
  mayTalk: () => true,
};

/** The policies by the name of Xen's command line (`xsm=`). */
export const POLICIES: { readonly [N in AccessPolicy['name']]: AccessPolicy } = {
  dummy,
  silo: {
    ...dummy,
    name: 'silo',
    mayTalk: (one, other) => one === other || one.privileged || other.privileged,
  },
};
