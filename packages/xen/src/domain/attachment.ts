import type { AttachedGuest, Attachment } from '@trapline/core';
import { hypercallsOf } from '../calls/dispatch.js';
import { hypercallTable } from '../calls/table.js';
import { firmwareOf } from '../firmware/attach.js';
import type { Domain } from './domain.js';
import { joinParts } from './parts.js';

/** Xen's part in one guest: a domain. */
export function attachDomain(domain: Domain, guest: AttachedGuest): Attachment {
  const { life, params, memory, scheduling, vcpuInfos, events } = domain;
  const { psci, implementations } = firmwareOf(domain, guest);
  const parts = joinParts(`xen: domain ${domain.name}`, {
    psci,
    life,
    params,
    memory,
    scheduling,
    vcpuInfos,
    events,
  });
  return {
    ...parts,
    implementations: [hypercallsOf(domain, hypercallTable(domain.xen.profile.hypercalls)), ...implementations],
    // HCR_EL2.TSC is always set for guests.
    trapsSmc: true,
    entered: (pe) => {
      psci.entered?.(pe);
      scheduling.entered(pe);
    },
    // CPU_ON may have come while the CPU was on its way off: it begins now that it has gone.
    offCompleted: (pe) => {
      scheduling.offCompleted(pe);
      if (psci.takeReset(pe)) guest.ports.power.start(pe);
    },
    woke: (pe) => {
      psci.woke?.(pe);
      scheduling.woke(pe);
    },
  };
}
