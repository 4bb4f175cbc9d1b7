import type { Domain } from '../domain/domain.js';
import type { Page } from '../memory/page.js';
import type { BoundChannel, FrontEndLink, MappedGrant } from './front-end-link.js';

/** What a back end of the host's has in its hands of one domain, by the domain's own grants and event channels. */
export class DomainLink implements FrontEndLink {
  readonly #domain: Domain;
  readonly #host: Domain;

  constructor(domain: Domain, host: Domain) {
    this.#domain = domain;
    this.#host = host;
  }

  get domid(): number {
    return this.#domain.id;
  }

  map(reference: number, writable: boolean): MappedGrant | undefined {
    const mapping = this.#host.grants.mapForeign(this.#domain, reference, writable);
    if (typeof mapping === 'number') return undefined;
    return this.#mapped(mapping.handle, mapping.page);
  }

  bind(port: number, hear: () => void): BoundChannel | undefined {
    const own = this.#host.events.bindInterdomain(this.#domain.id, port);
    return own < 0 ? undefined : this.rebind(own, hear);
  }

  remap(handle: number): MappedGrant | undefined {
    const mapping = this.#host.grants.maptrack.at(handle);
    if (mapping?.granter !== this.#domain.grants || mapping.flags === 0) return undefined;
    const page = this.#domain.grants.inUse(mapping.ref)?.page;
    return page && this.#mapped(handle, page);
  }

  rebind(port: number, hear: () => void): BoundChannel {
    const { events } = this.#host;
    events.listen(port, hear);
    return { port, notify: () => void events.send(port), close: () => void events.close(port) };
  }

  #mapped(handle: number, page: Page): MappedGrant {
    return {
      handle,
      words: page.words,
      read: (from, target) => page.read(from, target),
      write: (to, source) => page.write(to, source),
      unmap: () => void this.#host.grants.unmapForeign(handle),
    };
  }
}
