import type { InspectedInterface, Service } from '@trapline/core';
import { GUEST_EVENT_INTERRUPT, hypervisor, PROFILES, readXenNode, type XenProfile } from '@trapline/xen';

/**
 * Xen as a node describes it: its version, where there is a profile of it, and the interrupt that the node names. Other
 * domains have the same one on every machine (GUEST_EVTCHN_PPI); any other one is the control domain's, for which Xen
 * takes one that the machine does not use.
 */
export function xenService({ node }: InspectedInterface, guest: string): Service {
  const { version, eventInterrupt } = readXenNode(node);
  const known: readonly XenProfile[] = Object.values(PROFILES);
  const profile = known.find(
    ({ name, version: other }) =>
      name.startsWith('xen-') && other.major === version?.major && other.minor === version.minor,
  );
  return hypervisor({
    ...(profile && { profile }),
    domains: {
      [guest]: {
        ...(eventInterrupt !== undefined && { eventInterrupt, privileged: eventInterrupt !== GUEST_EVENT_INTERRUPT }),
      },
    },
  });
}
