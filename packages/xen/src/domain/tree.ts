import type { TreeDescription } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { writeHypervisorNode, type XenRegion } from '../binding.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { Domain } from './domain.js';

/** Where a guest puts its grant table (public/arch-arm.h, GUEST_GNTTAB_BASE and _SIZE). */
export const GUEST_GRANT_REGION: XenRegion = { base: 0x3800_0000n, size: 0x100_0000n };

/** The banks of a guest's address space that are for RAM (GUEST_RAM0_BASE, GUEST_RAM1_BASE), each with its end. */
const BANKS: readonly { readonly base: bigint; readonly end: bigint }[] = [
  { base: 0x4000_0000n, end: 0x1_0000_0000n },
  { base: 0x2_0000_0000n, end: 0x100_0000_0000n },
];
/** What Xen offers begins and ends at 2 MiB, and is 64 MiB at least (domain_build.c, find_domU_holes). */
const ALIGNMENT = 0x20_0000n;
const LEAST = 0x400_0000n;

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
  const reach = 1n << BigInt(xen.host.physicalAddressBits);
  const ends = memory.map.ram.list().map(({ start, count }) => BigInt((start + count) * PAGE_BYTES));
  return BANKS.flatMap(({ base, end }) => {
    const used = ends.filter((address) => address > base && address <= end);
    const from = alignUp(used.reduce((most, address) => (address > most ? address : most), base));
    const to = end < reach ? end : reach;
    return to - from >= LEAST ? [{ base: from, size: to - from }] : [];
  });
}

function alignUp(address: bigint): bigint {
  return (address + ALIGNMENT - 1n) & ~(ALIGNMENT - 1n);
}
