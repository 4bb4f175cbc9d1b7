import type { XenStore } from '../store/xenstore.js';
import { DomainLink } from '../xenbus/domain-link.js';
import type { AttachedService, HostService } from '../xenbus/host-service.js';
import { BlockBackend } from './block-backend.js';
import { provisionDisk } from './disk-directories.js';
import type { BlockMedium } from './medium.js';

/**
 * Gives domains a disk by its name there (`xvda`), from a medium of its own each. It comes behind the store's service: that
 * makes a domain's directories. What the medium holds is not saved with a machine.
 */
export function blockService(store: XenStore, name: string, mediumOf: (domid: number) => BlockMedium): HostService {
  return {
    name: `block ${name}`,
    attach: (domain, host): AttachedService => {
      const medium = mediumOf(domain.id);
      const { backend: path } = provisionDisk(store, { domid: domain.id, name, readOnly: medium.readOnly });
      const backend = new BlockBackend(store, path, new DomainLink(domain, host), medium);
      backend.start();
      return {
        detach: () => {
          backend.stop();
          store.rm(path);
        },
        save: () => backend.save(),
        restore: (saved) => backend.restore(saved),
      };
    },
  };
}
