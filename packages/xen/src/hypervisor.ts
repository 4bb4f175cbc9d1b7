import { type Attachment, CompositionError, type PortName, type RunningService, type Service } from '@trapline/core';
import { attachDomain } from './domain/attachment.js';
import type { DomainConfig } from './domain/config.js';
import { Domain } from './domain/domain.js';
import type { AccessPolicy } from './domain/policy.js';
import { DOMID_FIRST_RESERVED, Xen } from './domain/xen.js';
import { DEFAULT_HOST, type HostDescription } from './host/host-description.js';
import type { XenProfile } from './profile.js';
import { profileOf, type XenProfileName } from './profiles.js';

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

function start(profile: XenProfile, options: HypervisorOptions): RunningService {
  const xen = new Xen(profile, { ...DEFAULT_HOST, ...options.host });
  return {
    attach: (guest): Attachment => {
      const config = options.domains?.[guest.name] ?? {};
      const domain = new Domain(xen, idOf(xen, guest.name, config), guest.name, config, guest);
      xen.add(domain);
      return attachDomain(domain, guest);
    },
  };
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
