import type { Service } from '@trapline/core';
import { hypervisor as epapr } from '@trapline/epapr';
import { hypervisor as gunyah } from '@trapline/gunyah';
import { hypervisor as hyperv } from '@trapline/hyperv';
import { hypervisor as jailhouse } from '@trapline/jailhouse';
import { HOST_CPUS, PROFILE_NAMES as KVM_PROFILES, hypervisor as kvm } from '@trapline/kvm';
import { firmware as optee } from '@trapline/optee';
import { firmware, PROFILE_NAMES, VERSIONS } from '@trapline/psci';
import { archService, pvTimeService, SMCCC_VERSIONS, sdeiService, trngService } from '@trapline/smccc';
import { hypervisor as vmware } from '@trapline/vmware';
import { PROFILE_NAMES as XEN_PROFILES } from '@trapline/xen';
import * as v from 'valibot';
import { address } from './quantities.js';
import { disk, domain, type XenSite, xenFrom } from './xen-backend.js';

/** A service by the name that stack files use: its options, and how it is made of them. */
export interface Backend {
  readonly summary: string;
  readonly options: v.GenericSchema<unknown, unknown>;
  make(options: unknown, surroundings: Surroundings): Service;
}

/** What services find beside their options. */
export interface Surroundings {
  /** Where a domain of Xen's runs, if in a machine of its own. */
  readonly xen?: XenSite;
}

const uuid = v.pipe(v.string('write a UUID as a string'), v.uuid('write a UUID: 8-4-4-4-12 hexadecimal digits'));

const cellNumber = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

/** Every name that may stand after `service:` in a stack file. */
export const backends: Readonly<Record<string, Backend>> = {
  psci: backend(
    'PSCI: power of CPUs and of the system',
    v.strictObject({
      profile: v.optional(oneOf(PROFILE_NAMES)),
      version: v.optional(oneOf(VERSIONS)),
      format: v.optional(oneOf(['original', 'extended'])),
      conduit: v.optional(oneOf(['hvc', 'smc'])),
    }),
    (options) => firmware(definedOf(options)),
  ),
  smccc: backend(
    'the Arm architecture calls: version, features, workarounds',
    v.strictObject({ version: v.optional(oneOf(SMCCC_VERSIONS)) }),
    (options) => archService(definedOf(options)),
  ),
  trng: backend('TRNG: random numbers for the guest', v.strictObject({ uuid: v.optional(uuid) }), (options) =>
    trngService(definedOf(options)),
  ),
  'pv-time': backend(
    'PV time: how long each CPU was kept from running',
    v.strictObject({ areas: address }),
    (options) => pvTimeService(options),
  ),
  sdei: backend('SDEI: events that interrupt everything', v.strictObject({}), () => sdeiService()),
  kvm: backend(
    'KVM: PSCI, SMCCC, TRNG, PV time and its own calls, as Linux answers them',
    v.strictObject({
      profile: v.optional(oneOf(KVM_PROFILES)),
      hostCpu: v.optional(oneOf(Object.keys(HOST_CPUS))),
      systemSuspend: v.optional(v.boolean()),
    }),
    (options) => kvm(definedOf(options)),
  ),
  xen: backend(
    'Xen: hypercalls, PSCI and SMCCC as Xen answers them, for each guest as a domain',
    v.strictObject({
      profile: v.optional(oneOf(XEN_PROFILES)),
      policy: v.optional(oneOf(['dummy', 'silo'])),
      domains: v.optional(v.record(v.string(), domain)),
      store: v.optional(v.boolean('write true or false')),
      console: v.optional(v.boolean('write true or false')),
      block: v.optional(v.array(disk, 'write a list of disks ([{ name: xvda, size: 1 MiB }])')),
    }),
    (options, { xen }) => xenFrom(definedOf(options), xen),
  ),
  epapr: backend(
    "ePAPR's hypercalls: byte channels, interrupts, doorbells, idle",
    v.strictObject({
      conduit: v.optional(oneOf(['hvc', 'smc'])),
      immediate: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff))),
    }),
    (options) => epapr(definedOf(options)),
  ),
  vmware: backend(
    "VMware's backdoor: version, identity, time, guest-RPC",
    v.strictObject({
      uuid: v.optional(uuid),
      guestInfo: v.optional(v.record(v.string(), v.string())),
    }),
    (options) => vmware(definedOf(options)),
  ),
  gunyah: backend("Gunyah's hypercalls: identification, random numbers", v.strictObject({}), () => gunyah()),
  hyperv: backend("Hyper-V's hypercalls: registers of its own, time", v.strictObject({}), () => hyperv()),
  jailhouse: backend(
    "Jailhouse's hypercalls: cells, their state, statistics",
    v.strictObject({
      cells: v.array(
        v.strictObject({
          guest: v.string(),
          id: cellNumber,
          cpus: v.array(cellNumber),
          console: v.optional(v.boolean(), false),
        }),
      ),
    }),
    (options) => jailhouse(options),
  ),
  optee: backend(
    "OP-TEE's fast calls: who it is, what it can, shared memory",
    v.strictObject({
      threads: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff))),
      conduit: v.optional(oneOf(['hvc', 'smc'])),
    }),
    (options) => optee(definedOf(options)),
  ),
};

function backend<Output>(
  summary: string,
  options: v.GenericSchema<unknown, Output>,
  make: (options: Output, surroundings: Surroundings) => Service,
): Backend {
  return { summary, options, make: (input, surroundings) => make(v.parse(options, input), surroundings) };
}

function oneOf<const Names extends readonly string[]>(names: Names): v.GenericSchema<unknown, Names[number]> {
  return v.picklist(names, `write one of ${names.join(', ')} (in quotes where it looks like a number)`);
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The options that were given. */
function definedOf<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
