import type { Domain } from '../domain/domain.js';

/** The memory of one domain. */
export class DomainMemory {
  readonly domain: Domain;

  constructor(domain: Domain) {
    this.domain = domain;
  }
}
