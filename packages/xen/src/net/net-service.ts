import type { XenStore } from '../store/xenstore.js';
import { DomainLink } from '../xenbus/domain-link.js';
import type { AttachedService, HostService } from '../xenbus/host-service.js';
import { provisionDevice } from '../xenbus/provision.js';
import { NetBackend } from './net-backend.js';
import type { Network } from './network.js';

/** How {@link netService} joins a domain to a network. */
export interface NetServiceOptions {
  /** The device's number in the domain; 0 where absent. */
  readonly device?: number;
  /** The address of a domain's device; 00:16:3e (Xen's), the device and the domain's number, where absent. */
  readonly mac?: (domid: number) => string;
}

/** Joins domains to a network: each by a device of its own. It comes behind the store's service. */
export function netService(store: XenStore, network: Network, options: NetServiceOptions = {}): HostService {
  const device = options.device ?? 0;
  return {
    name: `net ${device}`,
    attach: (domain, host): AttachedService => {
      const mac = options.mac?.(domain.id) ?? defaultMac(device, domain.id);
      const { backend: path } = provisionDevice(store, {
        kind: 'vif',
        domid: domain.id,
        device,
        frontend: { handle: String(device), mac },
        backend: { handle: String(device), mac, type: 'vif' },
      });
      const backend = new NetBackend(store, path, new DomainLink(domain, host), network);
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

function defaultMac(device: number, domid: number): string {
  const last = [device & 0xff, (domid >> 8) & 0xff, domid & 0xff];
  return ['00', '16', '3e', ...last.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
