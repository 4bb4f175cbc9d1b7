import { type VersionTexts, versionTexts } from '../calls/version-texts.js';
import { DEFAULT_HOST, type HostDescription } from '../host/host-description.js';
import type { XenProfile } from '../profile.js';
import type { Domain } from './domain.js';
import { type AccessPolicy, POLICIES } from './policy.js';

/** Highest domain id that is not a reserved one (DOMID_FIRST_RESERVED, public/xen.h). */
export const DOMID_FIRST_RESERVED = 0x7ff0;
/** The caller itself. */
export const DOMID_SELF = 0x7ff0;
/** I/O memory, no domain. */
export const DOMID_IO = 0x7ff1;
/** Pages of Xen's own, no domain. */
export const DOMID_XEN = 0x7ff2;
/** Nobody. */
export const DOMID_INVALID = 0x7ff4;

/** An event of a domain's life (public/xen.h). */
export const VIRQ_DOM_EXC = 3;

/** One hypervisor: what all its domains share. */
export class Xen {
  readonly profile: XenProfile;
  readonly policy: AccessPolicy;
  readonly host: HostDescription;
  /** XENVER_version: major number in bits 31:16, minor below. */
  readonly version: number;
  /** The texts of `xen_version`. */
  readonly texts: VersionTexts;
  readonly #domains = new Map<number, Domain>();

  constructor(profile: XenProfile, host: HostDescription = DEFAULT_HOST) {
    this.profile = profile;
    this.policy = POLICIES[profile.policy];
    this.host = host;
    this.version = (profile.version.major << 16) | profile.version.minor;
    this.texts = versionTexts(host);
  }

  /** The domain of an id; undefined where there is none, dead ones included. */
  domain(id: number): Domain | undefined {
    return this.#domains.get(id);
  }

  /** All domains, in order of creation. */
  get domains(): IterableIterator<Domain> {
    return this.#domains.values();
  }

  add(domain: Domain): void {
    this.#domains.set(domain.id, domain);
  }

  remove(domain: Domain): void {
    this.#domains.delete(domain.id);
  }

  /** The domain that a caller names: itself by DOMID_SELF; undefined for one that is not there. */
  named(caller: Domain, id: number): Domain | undefined {
    return id === DOMID_SELF ? caller : this.#domains.get(id);
  }
  /** A domain has been shut down, or one that was destroyed has gone: VIRQ_DOM_EXC. */
  domainEnded(_domain: Domain): void {
    for (const domain of this.#domains.values()) if (domain.privileged) domain.events.raiseGlobalVirq(VIRQ_DOM_EXC);
  }
}
