import type { Domain } from '../domain/domain.js';

/** The event channels of one domain. */
export class EventChannels {
  readonly domain: Domain;

  constructor(domain: Domain) {
    this.domain = domain;
  }
}
