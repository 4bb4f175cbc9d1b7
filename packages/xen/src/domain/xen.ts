import { DOMID_SELF } from '../abi/domain-ids.js';
import type { Operation } from '../calls/hypercall.js';
import { hypercallTable } from '../calls/table.js';
import { type VersionTexts, versionTexts } from '../calls/version-texts.js';
import { DEFAULT_HOST, type HostDescription } from '../host/host-description.js';
import { type HypfsEntry, hypfsOf } from '../host/hypfs.js';
import { XenConsole } from '../host/xen-console.js';
import { Heap } from '../memory/heap.js';
import type { XenProfile } from '../profile.js';
import type { Domain } from './domain.js';
import { type AccessPolicy, POLICIES } from './policy.js';

export {
  CONTROL_DOMAIN,
  DOMID_FIRST_RESERVED,
  DOMID_INVALID,
  DOMID_IO,
  DOMID_SELF,
  DOMID_XEN,
} from '../abi/domain-ids.js';

/** An event of a domain's life (public/xen.h). */
const VIRQ_DOM_EXC = 3;

/** One hypervisor: what all its domains share. */
export class Xen {
  readonly profile: XenProfile;
  readonly policy: AccessPolicy;
  readonly host: HostDescription;
  /** XENVER_version: major number in bits 31:16, minor below. */
  readonly version: number;
  /** The texts of `xen_version`. */
  readonly texts: VersionTexts;
  /** The operations of this build, by the hypercall's number. */
  readonly hypercalls: readonly (Operation | undefined)[];
  readonly console: XenConsole = new XenConsole();
  /** Memory that domains have given back. */
  readonly heap: Heap;
  readonly hypfs: HypfsEntry;
  readonly #domains = new Map<number, Domain>();
  /** The one that was looked up last: a back end asks for the same front end again and again. */
  #lookedUp: Domain | undefined;

  constructor(profile: XenProfile, host: HostDescription = DEFAULT_HOST) {
    this.profile = profile;
    this.policy = POLICIES[profile.policy];
    this.host = host;
    this.heap = new Heap(host.freeBlocks);
    this.version = (profile.version.major << 16) | profile.version.minor;
    this.texts = versionTexts(host);
    this.hypfs = hypfsOf(profile, host);
    this.hypercalls = hypercallTable(profile.hypercalls);
  }

  /** The domain of an id; undefined where there is none, dead ones included. */
  domain(id: number): Domain | undefined {
    if (this.#lookedUp?.id !== id) this.#lookedUp = this.#domains.get(id);
    return this.#lookedUp;
  }

  /** All domains, in order of creation. */
  get domains(): IterableIterator<Domain> {
    return this.#domains.values();
  }

  /** All domains in the order of their numbers, which is that of Xen's own list. */
  inOrder(): Domain[] {
    return [...this.#domains.values()].sort((a, b) => a.id - b.id);
  }

  /** The domain with the least number from one on. */
  firstFrom(id: number): Domain | undefined {
    return this.inOrder().find((domain) => domain.id >= id);
  }

  add(domain: Domain): void {
    this.#domains.set(domain.id, domain);
    this.#lookedUp = domain;
  }

  remove(domain: Domain): void {
    this.#domains.delete(domain.id);
    this.#lookedUp = undefined;
  }

  /** The domain that a caller names: itself by DOMID_SELF; undefined for one that is not there. */
  named(caller: Domain, id: number): Domain | undefined {
    return id === DOMID_SELF ? caller : this.domain(id);
  }
  /** A domain has been shut down, or one that was destroyed has gone: VIRQ_DOM_EXC. */
  domainEnded(): void {
    for (const domain of this.#domains.values()) if (domain.privileged) domain.events.raiseGlobalVirq(VIRQ_DOM_EXC);
  }
}
