import { ADDRESS_LIMIT, CompositionError } from '@trapline/core';
import { type DeviceTree, reg } from '@trapline/devicetree';
import type { MemoryRegion } from '../region.js';

/** Writes a `/memory@…` node for every region. DTSpec 0.4, 3.4. */
export function writeMemory(tree: DeviceTree, memory: readonly MemoryRegion[]): void {
  for (const { base, size } of memory) {
    tree.add(`memory@${base.toString(16)}`, { device_type: 'memory', reg: [BigInt(base), BigInt(size)] });
  }
}

/**
 * Reads the memory of a guest's own tree: every enabled `/memory` node, regions of no bytes left out (firmware fills
 * them in on real boards).
 *
 * Throws {@link CompositionError} where a region does not lie below 2^53.
 */
export function readMemory(tree: DeviceTree, guest: string): readonly MemoryRegion[] {
  const regions: MemoryRegion[] = [];
  for (const node of tree.root.children) {
    if (node.baseName !== 'memory' && deviceType(node.bytes('device_type')) !== 'memory') continue;
    if (node.status !== 'okay') continue;
    for (const { address, size } of reg(node)) {
      if (size === 0n) continue;
      if (address + size > BigInt(ADDRESS_LIMIT)) {
        throw new CompositionError(
          `${node.path} of guest '${guest}' reaches beyond 2^53`,
          'correct its reg, or give the memory of the guest beside its tree',
        );
      }
      regions.push({ base: Number(address), size: Number(size) });
    }
  }
  return regions;
}

function deviceType(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder().decode(bytes).replace(/\0$/, '');
}
