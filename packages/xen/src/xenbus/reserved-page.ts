import { CompositionError, type Saved, type SharedWords } from '@trapline/core';
import { HVM_PARAMETERS } from '../abi/hvm-parameters.js';
import type { Domain } from '../domain/domain.js';
import { SavedState } from '../domain/saved-state.js';
import { MovingWords } from '../rings/moving-words.js';
import { DomainLink } from './domain-link.js';
import type { BoundChannel } from './front-end-link.js';

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
  /** The host's ends of both. */
  save(): Saved;
  /** Finds them again, when domain and host have been restored. Throws `RestoreError` where they are not there. */
  restore(saved: Saved): void;
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
  const link = new DomainLink(domain, host);
  domain.grants.seed(grant, host.id, frame);
  let mapped = link.map(grant, true);
  let { port, channel } = offerChannel(domain, host, link, Number(domain.params.get(portParameter)), hear);
  if (mapped === undefined || channel === undefined) {
    mapped?.unmap();
    channel?.close();
    throw new CompositionError(
      `xen: ${domain.name} and ${host.name} cannot share a ${which}`,
      'let the access policy allow it: make the host privileged',
    );
  }
  const words = new MovingWords(mapped.words);
  for (let i = 0; i < PAGE_WORDS; i++) words.store(i, 0);
  domain.params.set(pfn, BigInt(frame));
  domain.params.set(portParameter, BigInt(port));
  return {
    frame,
    port,
    words,
    notify: () => channel?.notify(),
    close: () => {
      channel?.close();
      mapped?.unmap();
    },
    save: () => ({ handle: mapped?.handle ?? 0, port: channel?.port ?? 0 }),
    restore: (saved) => {
      const state = new SavedState(saved, `${domain.name}.${which}`);
      mapped = link.remap(state.integer('handle', 0, MAX));
      if (mapped === undefined) throw state.error('its page is mapped no more');
      words.move(mapped.words);
      channel = link.rebind(state.integer('port', 0, MAX), hear);
    },
  };
}

/** Binds to the port that the domain was built with for its control domain, or else to a new one. */
function offerChannel(
  domain: Domain,
  host: Domain,
  link: DomainLink,
  built: number,
  hear: () => void,
): { port: number; channel: BoundChannel | undefined } {
  const channel = built > 0 && built < MAX ? link.bind(built, hear) : undefined;
  if (channel !== undefined) return { port: built, channel };
  const port = domain.events.allocUnbound(host.id);
  return { port, channel: port < 0 ? undefined : link.bind(port, hear) };
}

/** Puts a page of the guest's at a frame, beyond what it was given as RAM; whether one is there now. */
function placePage({ memory, xen }: Domain, frame: number): boolean {
  if (memory.page(frame) !== undefined) return true;
  const { reservation } = memory;
  reservation.maximum = Math.max(reservation.maximum, reservation.total + 1);
  return reservation.allocate(1) && memory.pages.populate(frame, xen.heap.allocate(0)) === 0;
}

const PAGE_WORDS = 1024;
const MAX = 0xffff_ffff;
