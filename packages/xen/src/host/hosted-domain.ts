import { CompositionError } from '@trapline/core';
import { HVM_PARAMETERS, type HvmParameterName } from '../abi/hvm-parameters.js';
import { destroyDomain } from '../domain/death.js';
import type { Domain } from '../domain/domain.js';
import { type DomainStatus, domainInfo } from '../domain/info.js';
import { DomainLink } from '../xenbus/domain-link.js';
import type { FrontEndLink } from '../xenbus/front-end-link.js';

/** One domain as the host controls it. */
export class HostedDomain {
  readonly id: number;
  readonly name: string;
  readonly #domain: Domain;
  readonly #host: Domain | undefined;

  constructor(domain: Domain, host: Domain | undefined) {
    this.id = domain.id;
    this.name = domain.name;
    this.#domain = domain;
    this.#host = host;
  }

  /** What XEN_DOMCTL_getdomaininfo tells. */
  get info(): DomainStatus {
    return domainInfo(this.#domain);
  }

  /** Keeps all its vCPUs from running, until as many {@link unpause}. */
  pause(): void {
    this.#domain.life.pause();
  }

  /** Takes a pause back, the one with which it was created (`paused`) too; false where there is none. */
  unpause(): boolean {
    return this.#domain.life.unpause();
  }

  /** Ends it with a reason (`SHUTDOWN`). The machine's system port tells of it. */
  shutdown(reason: number): void {
    this.#domain.shutdown(reason);
  }

  /** Lets it go on after a shutdown, as one that was suspended. */
  resume(): void {
    this.#domain.life.resume();
  }

  /** Takes it away: ports, mappings and pages. It stays, dying, while others use its pages. */
  destroy(): void {
    destroyDomain(this.#domain);
  }

  /** One of its parameters. */
  parameter(name: HvmParameterName): bigint {
    return this.#domain.params.get(HVM_PARAMETERS[name]);
  }

  setParameter(name: HvmParameterName, value: bigint): void {
    this.#domain.params.set(HVM_PARAMETERS[name], value);
  }

  /** Offers a port of the domain's to the host, as EVTCHNOP_alloc_unbound does; negative for one of Xen's errors. */
  offerPort(): number {
    return this.#domain.events.allocUnbound(this.#self.id);
  }

  /** The host as this domain's back end: its grants mapped, its ports bound. */
  get link(): FrontEndLink {
    return new DomainLink(this.#domain, this.#self);
  }

  get #self(): Domain {
    if (this.#host !== undefined) return this.#host;
    throw new CompositionError(
      'xen: the host has no side of its own here',
      'compose the hypervisor with `hostSide: true`, or with services',
    );
  }
}
