import type { TreeDescription } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { writeHypervisorNode, type XenRegion } from '../binding.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { Domain } from './domain.js';

/** Where a guest puts its grant table (public/arch-arm.h, GUEST_GNTTAB_BASE and _SIZE). */
const GUEST_GRANT_REGION: XenRegion = { base: 0x3800_0000n, size: 0x100_0000n };

/** The banks of a guest's address space that are for RAM (GUEST_RAM0_BASE, GUEST_RAM1_BASE), each with its end. */
const BANKS: readonly { readonly base: number; readonly end: number }[] = [
  { base: 0x4000_0000, end: 0x1_0000_0000 },
  { base: 0x2_0000_0000, end: 0x100_0000_0000 },
];
/** What Xen offers begins at 2 MiB, and is 64 MiB at least (domain_build.c, find_domU_holes). */
const ALIGNMENT = 0x20_0000;
const LEAST = 0x400_0000;

/** Writes the hypervisor's node into a domain's tree, where the domain is an enhanced one. */
export function describeDomain(domain: Domain, tree: DeviceTree, description: TreeDescription): void {
  const { config, xen } = domain;
  if (!config.enhanced) return;
  writeHypervisorNode(tree, {
    version: xen.profile.version,
    grantRegion: config.regions?.grant ?? GUEST_GRANT_REGION,
    extendedRegions: config.regions?.extended ?? unusedSpace(domain),
    eventInterrupt: config.eventInterrupt,
    interruptController: description.interruptController,
  });
}

/** Each bank behind the RAM in it, as far as the guest's physical addresses reach. */
function unusedSpace({ memory, xen }: Domain): readonly XenRegion[] {
  const reach = 2 ** xen.host.physicalAddressBits;
  const ends = memory.map.ram.list().map(({ start, count }) => (start + count) * PAGE_BYTES);
  return BANKS.flatMap(({ base, end }) => {
    const used = Math.max(base, ...ends.filter((address) => address > base && address <= end));
    const from = Math.ceil(used / ALIGNMENT) * ALIGNMENT;
    const size = Math.min(end, reach) - from;
    return size >= LEAST ? [{ base: BigInt(from), size: BigInt(size) }] : [];
  });
}
