import { RestoreError, type Saved } from '@trapline/core';
import type { AttachedService, HostService } from '../xenbus/host-service.js';
import type { Domain } from './domain.js';
import type { StatefulPart } from './parts.js';

/** What the host does for one domain: its services, at work from before the guest runs until the domain dies. */
export class DomainServices {
  readonly #domain: Domain;
  readonly #host: Domain | undefined;
  readonly #services: readonly HostService[];
  #attached: readonly AttachedService[] = [];

  constructor(domain: Domain, host: Domain | undefined, services: readonly HostService[]) {
    this.#domain = domain;
    this.#host = host;
    this.#services = services;
  }

  /** Puts all of them to work. */
  attach(): void {
    const host = this.#host;
    if (host !== undefined) this.#attached = this.#services.map((service) => service.attach(this.#domain, host));
  }

  /** Tells them that the domain has shut down. */
  shutDown(): void {
    for (const service of this.#attached) service.shutDown?.();
  }

  /** Lets them go, the last first: it may stand on the others. */
  detach(): void {
    for (const service of [...this.#attached].reverse()) service.detach();
    this.#attached = [];
  }

  /** A new domain in place of the old one. */
  reset(): void {
    this.attach();
  }

  save(): Saved {
    return this.#attached.map((service) => service.save?.() ?? null);
  }

  /** Takes back what {@link save} gave; the domain and the host's own side have been restored before. */
  restore(saved: Saved): void {
    if (!Array.isArray(saved) || saved.length > this.#services.length) {
      throw new RestoreError(`xen: ${this.#services.length} services of ${this.#domain.name}`);
    }
    saved.forEach((state: Saved, i) => {
      if (state !== null) this.#attached[i]?.restore?.(state);
    });
  }
}

/** What services keep that belongs to no single domain. */
export function joinServices(services: readonly HostService[]): StatefulPart {
  return {
    reset: () => {},
    save: () => services.map((service) => service.save?.() ?? null),
    restore: (saved) => {
      if (!Array.isArray(saved) || saved.length !== services.length) {
        throw new RestoreError(`xen: the state of ${services.length} services is wanted`);
      }
      services.forEach((service, i) => {
        service.restore?.(saved[i] as Saved);
      });
    },
  };
}
