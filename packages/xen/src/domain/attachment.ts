import type { Attachment } from '@trapline/core';
import { hypercallsOf } from '../calls/dispatch.js';
import { hypercallTable } from '../calls/table.js';
import type { Domain } from './domain.js';

/** Xen's part in one guest: a domain. */
export function attachDomain(domain: Domain): Attachment {
  return {
    implementations: [hypercallsOf(domain, hypercallTable(domain.xen.profile.hypercalls))],
    // HCR_EL2.TSC is always set for guests.
    trapsSmc: true,
    reset: () => domain.params.reset(),
    save: () => ({ params: domain.params.save() }),
    restore: () => {},
  };
}
