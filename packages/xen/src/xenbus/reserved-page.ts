import { CompositionError, type SharedWords } from '@trapline/core';
import { HVM_PARAMETERS } from '../abi/hvm-parameters.js';
import type { Domain } from '../domain/domain.js';
import { DomainLink } from './domain-link.js';
import type { BoundChannel, MappedGrant } from './front-end-link.js';

/** Where a toolstack puts the pages that it makes for an ARM guest (GUEST_MAGIC_BASE, public/arch-arm.h), as a frame. */
export const MAGIC_FRAME = 0x3_9000;

/** The pages that a domain shares with the host from its beginning: which of the magic ones, and which grant. */
export const RESERVED_PAGES = {
  console: { offset: 0, grant: 0, pfn: HVM_PARAMETERS.consolePfn, port: HVM_PARAMETERS.consoleEvtchn },
  xenstore: { offset: 1, grant: 1, pfn: HVM_PARAMETERS.storePfn, port: HVM_PARAMETERS.storeEvtchn },
} as const;

/** Such a page, mapped, and the channel beside it. */
export interface ReservedPage {
  readonly frame: number;
  /** The guest's end of the event channel. */
  readonly port: number;
  readonly words: SharedWords;
  notify(): void;
  close(): void;
}

/**
 * Makes such a page as xl does when it builds a domain: a page of the guest's at its frame, an event channel that is
 * offered to the host, both in the domain's parameters, and the page granted by the reserved entry. A frame that is RAM
 * already is used as it is, cleared.
 *
 * Throws `CompositionError` where the guest can have no page there, nor a port.
 */
export function reservePage(
  domain: Domain,
  host: Domain,
  which: keyof typeof RESERVED_PAGES,
  hear: () => void,
  frame: number = MAGIC_FRAME + RESERVED_PAGES[which].offset,
): ReservedPage {
  const { grant, pfn, port: portParameter } = RESERVED_PAGES[which];
  if (!placePage(domain, frame)) {
    throw new CompositionError(
      `xen: ${domain.name} can have no page for its ${which} at frame 0x${frame.toString(16)}`,
      "give the service a `frame` of the guest's RAM, or a memory port that maps pages",
    );
  }
  const port = domain.events.allocUnbound(host.id);
  domain.grants.seed(grant, host.id, frame);
  const link = new DomainLink(domain, host);
  const mapped: MappedGrant | undefined = port < 0 ? undefined : link.map(grant, true);
  const channel: BoundChannel | undefined = mapped && link.bind(port, hear);
  if (mapped === undefined || channel === undefined) {
    mapped?.unmap();
    throw new CompositionError(
      `xen: ${domain.name} and ${host.name} cannot share a ${which}`,
      'let the access policy allow it: make the host privileged',
    );
  }
  for (let i = 0; i < PAGE_WORDS; i++) mapped.words.store(i, 0);
  domain.params.set(pfn, BigInt(frame));
  domain.params.set(portParameter, BigInt(port));
  return {
    frame,
    port,
    words: mapped.words,
    notify: () => channel.notify(),
    close: () => {
      channel.close();
      mapped.unmap();
    },
  };
}

/** Puts a page of the guest's at a frame, beyond what it was given as RAM; whether one is there now. */
function placePage({ memory }: Domain, frame: number): boolean {
  if (memory.page(frame) !== undefined) return true;
  memory.reservation.maximum++;
  if (!memory.reservation.allocate(1)) return false;
  const page = memory.newPage(frame);
  return page !== undefined && memory.map.set(frame, 'ram', page) === 0;
}

const PAGE_WORDS = 1024;
