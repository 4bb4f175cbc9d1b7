import { CompositionError, type Service } from '@trapline/core';
import {
  type BlockMedium,
  blockService,
  bufferMedium,
  type ConsoleRing,
  consoleService,
  type DomainConfig,
  type HostService,
  type HypervisorOptions,
  hypervisor,
  storeService,
  type XenHost,
  type XenRegion,
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

/** What a machine of its own says of the one domain that runs in it, and what it does with the host's ends. */
export interface XenSite {
  /** The domain's name. */
  readonly guest: string;
  /** Where its grant table can be put; nothing else can be mapped beyond its RAM. */
  readonly grants: XenRegion;
  /** Frames of its rings. */
  readonly rings: { readonly console: number; readonly store: number };
  /** Disks beside those of the stack, which have the first names that are free. */
  readonly media: readonly BlockMedium[];
  /** Told the host's ends: all once, the console whenever the domain begins. */
  hasHost(host: XenHost): void;
  hasStore(store: XenStore): void;
  hasConsole(ring: ConsoleRing): void;
}

/**
 * Makes it: what domains need to live (a store, a console, disks of their own in memory) is the host's.
 *
 * Throws {@link CompositionError} for disks without a store, where their two ends meet, and for more than have names.
 */
export function xenFrom({ domains, store, console, block, ...options }: XenEntry, site?: XenSite): Service {
  const services: HostService[] = [];
  const disks = disksOf(block ?? [], site?.media ?? []);
  if (store !== true && disks.length > 0) throw new CompositionError('xen: disks need a store', 'write store: true');
  const tree = new XenStore();
  if (store === true) {
    services.push(storeService(tree, site && { frame: site.rings.store }));
    site?.hasStore(tree);
  }
  if (console === true) {
    const place = site && { frame: site.rings.console };
    services.push(
      consoleService((ring) => site?.hasConsole(ring), { ...place, ...(store === true && { store: tree }) }),
    );
  }
  for (const { name, mediumOf } of disks) services.push(blockService(tree, name, mediumOf));
  return hypervisor({
    ...options,
    services,
    domains: configsOf(domains ?? {}, site),
    // An emulated CPU does not speculate: a guest need not call at every exception.
    ...(site && { connect: (host) => site.hasHost(host), host: { ssbd: 'mitigated' } }),
  });
}

/** Disks by their names, and what is in them. */
interface NamedDisk {
  readonly name: string;
  readonly mediumOf: (domid: number) => BlockMedium;
}

function disksOf(block: readonly Disk[], media: readonly BlockMedium[]): readonly NamedDisk[] {
  const taken = new Set(block.map(({ name }) => name));
  const free = [...'abcdefghijklmnopqrstuvwxyz'].map((letter) => `xvd${letter}`).filter((name) => !taken.has(name));
  if (media.length > free.length) {
    throw new CompositionError(`xen: ${media.length} disks beside those of the stack`, `give at most ${free.length}`);
  }
  return [
    ...block.map((disk) => ({ name: disk.name, mediumOf: inMemory(disk) })),
    ...media.map((medium, i) => ({ name: free[i] as string, mediumOf: () => medium })),
  ];
}

/** A disk of each domain's own, which keeps what it holds when the domain begins anew. */
function inMemory({ size, readOnly = false }: Disk): NamedDisk['mediumOf'] {
  const made = new Map<number, BlockMedium>();
  return (domid) => {
    const medium = made.get(domid) ?? bufferMedium(new Uint8Array(size), { readOnly });
    made.set(domid, medium);
    return medium;
  };
}

function configsOf(
  domains: Readonly<Record<string, Domain>>,
  site: XenSite | undefined,
): Readonly<Record<string, DomainConfig>> {
  const configs = Object.entries(domains).map(([name, { id, privileged, xenstore }]): [string, DomainConfig] => [
    name,
    {
      ...(id !== undefined && { id }),
      ...(privileged !== undefined && { privileged }),
      ...(xenstore !== undefined && { xenstore }),
    },
  ]);
  const known = Object.fromEntries(configs);
  if (site === undefined) return known;
  return { ...known, [site.guest]: { ...known[site.guest], regions: { grant: site.grants, extended: [] } } };
}
