import type { AttachedService, HostService } from '../xenbus/host-service.js';
import { provisionDomain } from '../xenbus/provision.js';
import { reservePage } from '../xenbus/reserved-page.js';
import type { XenStore } from './xenstore.js';

/** How {@link storeService} serves a domain. */
export interface StoreServiceOptions {
  /** The frame of the ring, in place of the one where a toolstack puts it. */
  readonly frame?: number;
  /** Whether it writes the domain's directories too; it does, where absent. */
  readonly provision?: boolean;
}

/**
 * Gives domains xenstore: the ring's page and event channel as their parameters tell, and their directories in the store.
 * A domain that dies is released, with all that it had in it. The store is saved and restored with the machine.
 */
export function storeService(store: XenStore, options: StoreServiceOptions = {}): HostService {
  return {
    name: 'xenstore',
    attach: (domain, host): AttachedService => {
      const { total } = domain.memory.reservation;
      const ring = reservePage(domain, host, 'xenstore', () => store.events(), options.frame);
      if (options.provision !== false) {
        provisionDomain(store, {
          domid: domain.id,
          name: domain.name,
          uuid: uuidOf(domain.handle),
          vcpus: domain.vcpus.length,
          memoryKiB: total * KIB_PER_PAGE,
          store: ring,
        });
      }
      if (domain.guest !== undefined) store.useClock(domain.guest.ports.clock);
      store.introduce(domain.id, ring);
      return {
        shutDown: () => store.shutDown(domain.id),
        detach: () => {
          store.release(domain.id);
          ring.close();
        },
        save: () => ring.save(),
        restore: (saved) => ring.restore(saved),
      };
    },
    save: () => store.save(),
    restore: (saved) => store.restore(saved),
  };
}

/** Sixteen bytes as a UUID is written. */
function uuidOf(handle: Uint8Array): string {
  const digits = Array.from(handle, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const KIB_PER_PAGE = 4;
