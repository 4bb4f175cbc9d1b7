import type { XenProfile } from '../profile.js';
import { XEN_4_20 } from './later.js';

/**
 * A permissive build for development: everything that the public headers define is compiled in, grant tables of version 2
 * too, which no released Xen gives to ARM guests, and domains may talk to one another.
 */
export const SPEC: XenProfile = {
  ...XEN_4_20,
  name: 'spec',
  policy: 'dummy',
  grantVersion: 2,
  hypercalls: [...XEN_4_20.hypercalls, 'argoOp', 'dmOp'],
};
