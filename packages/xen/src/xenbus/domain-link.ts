import type { Domain } from '../domain/domain.js';
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
    const { grants } = this.#host;
    const mapping = grants.mapForeign(this.#domain, reference, writable);
    if (typeof mapping === 'number') return undefined;
    const { page, words, handle } = mapping;
    return { bytes: page, words, unmap: () => void grants.unmapForeign(handle) };
  }

  bind(port: number, hear: () => void): BoundChannel | undefined {
    const { events } = this.#host;
    const own = events.bindInterdomain(this.#domain.id, port);
    if (own < 0) return undefined;
    events.listen(own, hear);
    return { notify: () => void events.send(own), close: () => void events.close(own) };
  }
}
