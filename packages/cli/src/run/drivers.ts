import { type Driver, isStatus } from '@trapline/core';
import type { Discovery } from '@trapline/core/discovery';
import { type Epapr, driver as epaprDriver } from '@trapline/epapr';
import { type Gunyah, driver as gunyahDriver } from '@trapline/gunyah';
import { type HyperV, driver as hypervDriver } from '@trapline/hyperv';
import { type Jailhouse, driver as jailhouseDriver } from '@trapline/jailhouse';
import { type Kvm, driver as kvmDriver } from '@trapline/kvm';
import { type Optee, driver as opteeDriver } from '@trapline/optee';
import { type Psci, driver as psciDriver } from '@trapline/psci';
import { type Scmi, scmiDriver } from '@trapline/scmi';
import { type Sdei, type Smccc, sdeiDriver, smcccDriver, type Trng, trngDriver } from '@trapline/smccc';
import { type Vmware, driver as vmwareDriver } from '@trapline/vmware';
import { type XenGuest, driver as xenDriver } from '@trapline/xen';

/** Finds the calling convention by PSCI_FEATURES, which came with PSCI 1.0. */
const smccc: Driver<Smccc> = smcccDriver<Psci>({
  driver: psciDriver,
  conduit: (psci) => psci.conduit,
  hasFeature: (psci, id) => psci.negotiated.version.major >= 1 && !isStatus(psci.features({ function: id })),
});

const trng: Driver<Trng> = trngDriver(smccc);

const scmi: Driver<Scmi> = scmiDriver<Psci>(psciDriver);

/** Every driver of this build that need not be asked for, in the order in which they are tried. */
export const guestDrivers: readonly Driver[] = [
  psciDriver,
  smccc,
  trng,
  sdeiDriver,
  xenDriver,
  kvmDriver,
  epaprDriver,
  vmwareDriver,
  gunyahDriver,
  opteeDriver,
  hypervDriver,
  scmi,
];

/**
 * The drivers that a guest tries. Jailhouse has no node, and its call is an undefined instruction elsewhere: its driver is
 * there where the guest's stack names the service.
 */
export function driversOf(services: readonly string[]): readonly Driver[] {
  return services.includes('jailhouse') ? [...guestDrivers, jailhouseDriver] : guestDrivers;
}

/** What a guest has found. */
export interface Found {
  readonly psci: Psci | undefined;
  readonly smccc: Smccc | undefined;
  readonly trng: Trng | undefined;
  readonly sdei: Sdei | undefined;
  readonly xen: XenGuest | undefined;
  readonly kvm: Kvm | undefined;
  readonly epapr: Epapr | undefined;
  readonly vmware: Vmware | undefined;
  readonly gunyah: Gunyah | undefined;
  readonly optee: Optee | undefined;
  readonly hyperv: HyperV | undefined;
  readonly scmi: Scmi | undefined;
  readonly jailhouse: Jailhouse | undefined;
}

/** What the drivers are bound to. */
export function foundBy(discovery: Discovery): Found {
  return {
    psci: discovery.find(psciDriver),
    smccc: discovery.find(smccc),
    trng: discovery.find(trng),
    sdei: discovery.find(sdeiDriver),
    xen: discovery.find(xenDriver),
    kvm: discovery.find(kvmDriver),
    epapr: discovery.find(epaprDriver),
    vmware: discovery.find(vmwareDriver),
    gunyah: discovery.find(gunyahDriver),
    optee: discovery.find(opteeDriver),
    hyperv: discovery.find(hypervDriver),
    scmi: discovery.find(scmi),
    jailhouse: discovery.find(jailhouseDriver),
  };
}

/** The bound drivers with the versions that answered: `psci 1.1 at /psci`. */
export function boundWords(found: Found): readonly string[] {
  const { psci, smccc: convention, trng: random, sdei, kvm, epapr, vmware, gunyah, optee, hyperv, jailhouse } = found;
  const version = (of: { readonly major: number; readonly minor: number }) => `${of.major}.${of.minor}`;
  return [
    ...(psci ? [`psci ${version(psci.negotiated.version)} by ${psci.conduit.kind} at ${psci.node.path}`] : []),
    ...(convention ? [`smccc ${version(convention.version)}`] : []),
    ...(random ? [`trng ${version(random.version)}`] : []),
    ...(sdei ? [`sdei ${version(sdei.version)}`] : []),
    ...(found.xen ? [xenWords(found.xen)] : []),
    ...(kvm ? [`kvm by ${kvm.conduit.kind}, functions ${kvm.capabilities.functions.join(' ')}`] : []),
    ...(epapr ? [`epapr ${epapr.node.version ?? 'of no version'} by ${epapr.conduit.kind} at ${epapr.node.path}`] : []),
    ...(vmware ? [`vmware ${vmware.version} by ${vmware.conduit.kind}`] : []),
    ...(gunyah ? [`gunyah API ${gunyah.apiVersion} by ${gunyah.conduit.kind}`] : []),
    ...(optee ? [`optee ${version(optee.revision)} by ${optee.conduit.kind}`] : []),
    ...(hyperv ? [`hyperv ${version(hyperv.version)} by ${hyperv.conduit.kind}`] : []),
    ...(found.scmi ? [`scmi ${version(found.scmi.version)} by ${found.scmi.conduit.kind}`] : []),
    ...(jailhouse ? [`jailhouse by ${jailhouse.conduit.kind}, ${jailhouse.cells} cells`] : []),
  ];
}

/** `xen 4.17 by hvc at /hypervisor`, and what is odd about it. */
function xenWords({ version, conduit, node, notes }: XenGuest): string {
  const odd = notes.map(({ message }) => `; ${message}`).join('');
  return `xen ${version.major}.${version.minor} by ${conduit.kind} at ${node.path}${odd}`;
}
