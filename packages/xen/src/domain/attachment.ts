import type { AttachedGuest, Attachment } from '@trapline/core';
import { HVM_PARAMETERS } from '../abi/hvm-parameters.js';
import { hypercallsOf } from '../calls/dispatch.js';
import { firmwareOf } from '../firmware/attach.js';
import type { Domain } from './domain.js';
import { joinParts } from './parts.js';
import type { DomainServices } from './services.js';
import { describeDomain } from './tree.js';
import { CONTROL_DOMAIN } from './xen.js';

/** Xen's part in one guest: a domain. */
export function attachDomain(domain: Domain, guest: AttachedGuest, services: DomainServices): Attachment {
  const { life, params, memory, wallClock, scheduling, vcpuInfos, events, grants, assists } = domain;
  const { psci, implementations } = firmwareOf(domain, guest);
  const parts = joinParts(`xen: domain ${domain.name}`, {
    psci,
    life,
    params,
    memory,
    wallClock,
    scheduling,
    vcpuInfos,
    events,
    grants,
    assists,
    storeChannel: { reset: () => connectStore(domain), save: () => null, restore: () => {} },
    services,
  });
  domain.services = services;
  connectStore(domain);
  services.attach();
  return {
    ...parts,
    reset: () => {
      services.detach();
      domain.xen.add(domain);
      parts.reset();
    },
    restore: (saved) => {
      parts.restore(saved);
      if (life.dying === 'dead' && memory.isGone) domain.xen.remove(domain);
      else domain.xen.add(domain);
    },
    implementations: [hypercallsOf(domain), ...implementations],
    // HCR_EL2.TSC is always set for guests.
    trapsSmc: true,
    describe: (tree, description) => {
      psci.describe?.(tree, { ...description, conduit: 'hvc' });
      describeDomain(domain, tree, description);
    },
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

/** STORE_PFN before the guest's own choice of a page, or the toolstack's, is known. */
const NO_STORE_PAGE = 0xffff_ffff_ffff_ffffn;

/** A domain with xenstore begins with a port for the control domain (arch/arm/domain_build.c, alloc_xenstore_evtchn). */
function connectStore({ config, events, params }: Domain): void {
  if (!config.xenstore) return;
  params.set(HVM_PARAMETERS.storeEvtchn, BigInt(events.allocUnbound(CONTROL_DOMAIN)));
  params.set(HVM_PARAMETERS.storePfn, NO_STORE_PAGE);
}
