import { CompositionError, type Service } from '@trapline/core';
import {
  blockService,
  bufferMedium,
  consoleService,
  type DomainConfig,
  type HostService,
  type HypervisorOptions,
  hypervisor,
  storeService,
  XenStore,
} from '@trapline/xen';
import * as v from 'valibot';
import { byteCount } from './quantities.js';

const domainId = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0x7fef));

/** What a stack file says of one domain. */
export const domain: v.GenericSchema<unknown, Domain> = v.strictObject(
  {
    id: v.optional(domainId),
    privileged: v.optional(v.boolean('write true or false')),
    xenstore: v.optional(v.boolean('write true or false')),
  },
  'write a domain as { id: 1, privileged: false }',
);

/** The largest disk of a stack file: its bytes are in memory. */
const MAX_DISK = 2 ** 30;

/** What a stack file says of one disk. */
export const disk: v.GenericSchema<unknown, Disk> = v.strictObject(
  {
    name: v.pipe(v.string(), v.regex(/^(?:xvd|sd|hd)[a-z]$/, 'write a name as xvda')),
    size: v.pipe(byteCount, v.maxValue(MAX_DISK, 'a disk has at most 1 GiB')),
    readOnly: v.optional(v.boolean('write true or false')),
  },
  'write a disk as { name: xvda, size: 1 MiB }',
);

interface Domain {
  readonly id?: number | undefined;
  readonly privileged?: boolean | undefined;
  readonly xenstore?: boolean | undefined;
}

interface Disk {
  readonly name: string;
  readonly size: number;
  readonly readOnly?: boolean | undefined;
}

/** Xen as a stack file describes it. */
export interface XenEntry extends Pick<HypervisorOptions, 'profile' | 'policy'> {
  readonly domains?: Readonly<Record<string, Domain>>;
  readonly store?: boolean;
  readonly console?: boolean;
  readonly block?: readonly Disk[];
}

/**
 * Makes it: what domains need to live (a store, a console, disks of their own in memory) is the host's.
 *
 * Throws {@link CompositionError} for disks without a store: their two ends meet there.
 */
export function xenFrom({ domains, store, console, block, ...options }: XenEntry): Service {
  const services: HostService[] = [];
  if (store !== true && block !== undefined) throw new CompositionError('xen: disks need a store', 'write store: true');
  const tree = new XenStore();
  if (store === true) services.push(storeService(tree));
  if (console === true) services.push(consoleService(() => undefined, store === true ? { store: tree } : {}));
  for (const { name, size, readOnly = false } of block ?? []) {
    services.push(blockService(tree, name, () => bufferMedium(new Uint8Array(size), { readOnly })));
  }
  return hypervisor({ ...options, services, ...(domains && { domains: configsOf(domains) }) });
}

function configsOf(domains: Readonly<Record<string, Domain>>): Readonly<Record<string, DomainConfig>> {
  return Object.fromEntries(
    Object.entries(domains).map(([name, { id, privileged, xenstore }]) => [
      name,
      {
        ...(id !== undefined && { id }),
        ...(privileged !== undefined && { privileged }),
        ...(xenstore !== undefined && { xenstore }),
      },
    ]),
  );
}
