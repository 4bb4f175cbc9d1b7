import type { AddressRange, Environment, Hex } from '@trapline/recordings';
import type { XenDomainOptions, XenHostOptions } from './parts.js';
import { type DomainSettings, nameOf } from './settings.js';

const PAGE_SHIFT = 12n;

/** The host that an environment describes. */
export function hostOf(environment: Environment): XenHostOptions {
  const { extraversion, hostCpus } = environment;
  const ram = environment.hostRam as AddressRange | undefined;
  const boot = environment.boot as { readonly midr?: Hex; readonly pfr0?: Hex } | undefined;
  return {
    ...(typeof extraversion === 'string' ? { extraVersion: extraversion } : {}),
    ...(typeof hostCpus === 'number' ? { cpus: hostCpus } : {}),
    ...(ram === undefined
      ? {}
      : {
          maximumRamPage: Number((BigInt(ram.base) + BigInt(ram.size)) >> PAGE_SHIFT),
          totalPages: Number(BigInt(ram.size) >> PAGE_SHIFT),
        }),
    ...(boot?.midr === undefined ? {} : { midr: Number(boot.midr) }),
    ...(boot?.pfr0 === undefined ? {} : { pfr0: BigInt(boot.pfr0) }),
  };
}

/** The security module, by the first word of what the environment says of it. */
export function policyOf({ xsm }: Environment): 'dummy' | 'silo' | undefined {
  const [word] = typeof xsm === 'string' ? xsm.toLowerCase().split(' ') : [];
  return word === 'dummy' || word === 'silo' ? word : undefined;
}

/** What the hypervisor is asked for: the domains that make calls, and those that only exist. */
export function domainOptions(
  domains: readonly DomainSettings[],
  others: readonly number[],
): Readonly<Record<string, XenDomainOptions>> {
  const silent = others.map((id) => [nameOf(id), { id, privileged: id === 0, enhanced: true, xenstore: false }]);
  return Object.fromEntries([...domains.map((domain) => [domain.name, optionsOf(domain)]), ...silent]);
}

function optionsOf({ domid, privileged, enhanced, recorded }: DomainSettings): XenDomainOptions {
  const { maxEvtchnPort, maxGrantFrames, evtchnPPI, directMapped } = recorded;
  return {
    id: domid,
    privileged,
    eventInterrupt: evtchnPPI,
    enhanced: privileged || enhanced !== undefined,
    xenstore: enhanced === 'enabled',
    ...(typeof maxEvtchnPort === 'number' ? { maxEventPort: maxEvtchnPort } : {}),
    ...(maxGrantFrames === undefined ? {} : { maxGrantFrames }),
    ...(directMapped === undefined ? {} : { directMapped }),
  };
}
