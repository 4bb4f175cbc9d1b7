import { type Attachment, CompositionError, type PortName, type RunningService, type Service } from '@trapline/core';
import { attachDomain } from './domain/attachment.js';
import type { DomainConfig } from './domain/config.js';
import { Domain } from './domain/domain.js';
import { joinSaved } from './domain/parts.js';
import type { AccessPolicy } from './domain/policy.js';
import { DomainServices, joinServices } from './domain/services.js';
import { CONTROL_DOMAIN, DOMID_FIRST_RESERVED, Xen } from './domain/xen.js';
import { DEFAULT_HOST, type HostDescription } from './host/host-description.js';
import { XenHost } from './host/xen-host.js';
import type { XenProfile } from './profile.js';
import { profileOf, type XenProfileName } from './profiles.js';
import type { HostService } from './xenbus/host-service.js';

/** How {@link hypervisor} answers. */
export interface HypervisorOptions {
  /** One of this package's profiles, or one of your own as data; `xen-4.17` where absent. */
  readonly profile?: XenProfileName | XenProfile;
  /** The security module (`xsm=`), in place of the profile's. */
  readonly policy?: AccessPolicy['name'];
  /** What guests are given, by their names; an ordinary domain where absent. */
  readonly domains?: Readonly<Record<string, DomainConfig>>;
  /** The machine and the build of Xen, as far as hypercalls tell of them, over the defaults. */
  readonly host?: Partial<HostDescription>;
  /** What the host does for every domain that is not privileged: stores, consoles, back ends. */
  readonly services?: readonly HostService[];
  /** Whether the host has a side of its own without services, for `HostedDomain.link`. With services it has. */
  readonly hostSide?: boolean;
  /** Hands out the host's side when the machine is built. */
  readonly connect?: (host: XenHost) => void;
}

const NEEDS: readonly PortName[] = ['power', 'memory', 'interrupts', 'clock', 'system', 'log'];

/**
 * Xen for its guests, which are its domains: hypercalls, PSCI and SMCCC as one version of Xen answers them, at EL2.
 *
 * Throws {@link CompositionError} for a profile that is not there and, when the machine is built, for two domains with one
 * number.
 */
export function hypervisor(options: HypervisorOptions = {}): Service {
  const known = profileOf(options.profile ?? 'xen-4.17');
  const profile = { ...known, policy: options.policy ?? known.policy };
  return {
    name: `xen (${profile.name})`,
    levels: ['el2'],
    needs: NEEDS,
    start: () => start(profile, options),
  };
}

/** The number of the host's own side where the control domain is a guest: the last of all. */
const HOST_SIDE = DOMID_FIRST_RESERVED - 1;

function start(profile: XenProfile, options: HypervisorOptions): RunningService {
  const xen = new Xen(profile, { ...DEFAULT_HOST, ...options.host });
  const { services = [], domains = {} } = options;
  const host = services.length > 0 || options.hostSide === true ? hostSide(xen, domains) : undefined;
  options.connect?.(new XenHost(xen, host));
  const parts = joinSaved('xen', {
    console: xen.console,
    heap: xen.heap,
    ...(host && { events: host.events, grants: host.grants }),
    services: joinServices(services),
  });
  return {
    attach: (guest): Attachment => {
      const config = domains[guest.name] ?? {};
      const domain = new Domain(xen, idOf(xen, guest.name, config), guest.name, config, guest);
      xen.add(domain);
      return attachDomain(domain, guest, new DomainServices(domain, host, services));
    },
    save: () => parts.save(),
    restore: (saved) => parts.restore(saved),
    dispose: () => xen.console.dispose(),
  };
}

/** A domain without a guest, in whose name the host maps and signals: the control domain where no guest is it. */
function hostSide(xen: Xen, domains: Readonly<Record<string, DomainConfig>>): Domain {
  const taken = Object.values(domains).some(({ id, privileged }) => id === CONTROL_DOMAIN || privileged === true);
  const host = new Domain(xen, taken ? HOST_SIDE : CONTROL_DOMAIN, 'host', { privileged: true }, undefined);
  xen.add(host);
  return host;
}

/** The number asked for, 0 for the control domain, or the next from 1 on that is free. */
function idOf(xen: Xen, name: string, config: DomainConfig): number {
  let id = config.id ?? (config.privileged ? 0 : 1);
  if (config.id === undefined && !config.privileged) while (xen.domain(id) !== undefined) id++;
  const other = xen.domain(id);
  if (other !== undefined) {
    throw new CompositionError(`xen: ${other.name} and ${name} are both domain ${id}`, 'give one of them another `id`');
  }
  if (!Number.isInteger(id) || id < 0 || id >= DOMID_FIRST_RESERVED) {
    throw new CompositionError(`xen: ${name} cannot be domain ${id}`, `use 0 to ${DOMID_FIRST_RESERVED - 1}`);
  }
  return id;
}
