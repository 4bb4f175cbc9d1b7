import type { Domain } from '../domain/domain.js';

/** The grant table of one domain. */
export class GrantTable {
  readonly domain: Domain;

  constructor(domain: Domain) {
    this.domain = domain;
  }
}
