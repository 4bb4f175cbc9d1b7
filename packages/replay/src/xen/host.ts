import type { AddressRange, Environment, Hex } from '@trapline/recordings';
import type { XenDomainOptions, XenHostOptions, XenRange } from './parts.js';
import { recordedBuild, recordedDevices } from './recorded-host.js';
import { type DomainSettings, nameOf } from './settings.js';

const PAGE_SHIFT = 12n;
const EL1_FIELD = 4n;
const EL1_AARCH32 = 2n;

/** The host that an environment describes. */
export function hostOf(environment: Environment): XenHostOptions {
  const { extraversion, hostCpus } = environment;
  const ram = environment.hostRam as AddressRange | undefined;
  const boot = environment.boot as { readonly pfr0?: Hex } | undefined;
  return {
    ...recordedBuild(environment),
    ...(typeof extraversion === 'string' ? { extraVersion: extraversion } : {}),
    ...(typeof hostCpus === 'number' ? { cpus: hostCpus } : {}),
    ...(ram === undefined
      ? {}
      : {
          maximumRamPage: Number((BigInt(ram.base) + BigInt(ram.size)) >> PAGE_SHIFT),
          totalPages: Number(BigInt(ram.size) >> PAGE_SHIFT),
        }),
    ...(boot?.pfr0 === undefined ? {} : { capabilities: capabilitiesOf(BigInt(boot.pfr0)) }),
  };
}

/** XENVER_capabilities: 32-bit guests too, where EL1 can be AArch32 (ID_AA64PFR0_EL1.EL1). */
function capabilitiesOf(pfr0: bigint): string {
  return ((pfr0 >> EL1_FIELD) & 0xfn) === EL1_AARCH32 ? 'xen-3.0-aarch64 xen-3.0-armv7l ' : 'xen-3.0-aarch64 ';
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
  environment: Environment,
): Readonly<Record<string, XenDomainOptions>> {
  const ram = (environment.hostRam as AddressRange | undefined)?.base;
  const devices = recordedDevices(ram === undefined ? undefined : BigInt(ram));
  const silent = others.map((id) => [nameOf(id), { id, privileged: id === 0, enhanced: true, xenstore: false }]);
  return Object.fromEntries([...domains.map((domain) => [domain.name, optionsOf(domain, devices)]), ...silent]);
}

function optionsOf(
  { domid, privileged, enhanced, recorded }: DomainSettings,
  devices: readonly XenRange[],
): XenDomainOptions {
  const { maxEvtchnPort, maxGrantFrames, evtchnPPI, directMapped } = recorded;
  return {
    id: domid,
    privileged,
    eventInterrupt: evtchnPPI,
    enhanced: privileged || enhanced !== undefined,
    xenstore: enhanced === 'enabled',
    ...(privileged ? { devices } : {}),
    ...(typeof maxEvtchnPort === 'number' ? { maxEventPort: maxEvtchnPort } : {}),
    ...(maxGrantFrames === undefined ? {} : { maxGrantFrames }),
    ...(directMapped === undefined ? {} : { directMapped }),
  };
}
