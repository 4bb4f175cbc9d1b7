import type { DeviceTreeNode } from './node.js';
import { badValue, cellCount } from './references.js';

/** One entry of `reg`, in the address space of the node's parent. */
export interface RegEntry {
  readonly address: bigint;
  readonly size: bigint;
}

/** One entry of `ranges`: `size` bytes at `child` below the bus are at `parent` above it. */
export interface RangeEntry {
  readonly child: bigint;
  readonly parent: bigint;
  readonly size: bigint;
}

/** One entry of `reg` as the CPU sees it; `address` is `undefined` where a bus on the way does not pass it on. */
export interface TranslatedReg {
  readonly address: bigint | undefined;
  readonly size: bigint;
}

/** Cells of an address below the node: `#address-cells`, 2 where absent. DTSpec 0.4, 2.3.5. */
export function addressCells(node: DeviceTreeNode): number {
  return cellCount(node, '#address-cells', 2);
}

/** Cells of a size below the node: `#size-cells`, 1 where absent. DTSpec 0.4, 2.3.5. */
export function sizeCells(node: DeviceTreeNode): number {
  return cellCount(node, '#size-cells', 1);
}

/**
 * `reg` by the parent's `#address-cells` and `#size-cells`; empty where there is none. DTSpec 0.4, 2.3.6.
 *
 * Throws `bad-value` where the length is no multiple of an entry's.
 */
export function reg(node: DeviceTreeNode): RegEntry[] {
  const property = node.property('reg');
  const parent = node.parent;
  if (property === undefined || parent === undefined) return [];
  const forAddress = addressCells(parent);
  const forSize = sizeCells(parent);
  const entries: RegEntry[] = [];
  for (const at of entriesOf(node, 'reg', forAddress + forSize)) {
    entries.push({ address: property.number(at, forAddress), size: property.number(at + forAddress, forSize) });
  }
  return entries;
}

/**
 * `ranges` of a bus (or `dma-ranges`); `undefined` where it is absent, which means that nothing is passed on, and
 * empty where addresses are the same on both sides. DTSpec 0.4, 2.3.8.
 */
export function ranges(bus: DeviceTreeNode, name: 'ranges' | 'dma-ranges' = 'ranges'): RangeEntry[] | undefined {
  const property = bus.property(name);
  if (property === undefined) return undefined;
  const below = addressCells(bus);
  const above = bus.parent === undefined ? 2 : addressCells(bus.parent);
  const forSize = sizeCells(bus);
  const entries: RangeEntry[] = [];
  for (const at of entriesOf(bus, name, below + above + forSize)) {
    entries.push({
      child: property.number(at, below),
      parent: property.number(at + below, above),
      size: property.number(at + below + above, forSize),
    });
  }
  return entries;
}

/**
 * An address in the space of the node's parent, as the root sees it: through `ranges` of every bus on the way.
 *
 * `undefined` where a bus has no `ranges`, or none that covers the address. On a PCI bus (`device_type = "pci"`) only
 * the space code of the first cell is compared (IEEE 1275 PCI binding, 2.2.1.1).
 */
export function translate(
  node: DeviceTreeNode,
  address: bigint,
  name: 'ranges' | 'dma-ranges' = 'ranges',
): bigint | undefined {
  let result = address;
  for (let bus = node.parent; bus?.parent !== undefined; bus = bus.parent) {
    const entries = ranges(bus, name);
    if (entries === undefined) return undefined;
    if ((bus.property(name)?.length ?? 0) === 0) continue;
    const pci = isPci(bus);
    const wanted = pci ? pciAddress(result) : result;
    const entry = entries.find(({ child, size }) => {
      const start = pci ? pciAddress(child) : child;
      return wanted >= start && wanted - start < size;
    });
    if (entry === undefined) return undefined;
    result = entry.parent + (wanted - (pci ? pciAddress(entry.child) : entry.child));
  }
  return result;
}

/** `reg` as the root sees it. */
export function translatedReg(node: DeviceTreeNode): TranslatedReg[] {
  return reg(node).map(({ address, size }) => ({ address: translate(node, address), size }));
}

function isPci(bus: DeviceTreeNode): boolean {
  const type = bus.property('device_type');
  return type?.isStrings === true && type.strings()[0] === 'pci' && addressCells(bus) === 3;
}

/** The two bits of the space code and the 64-bit address: without bus, device, function and flags. */
function pciAddress(address: bigint): bigint {
  return address & ((0x0300_0000n << 64n) | 0xffff_ffff_ffff_ffffn);
}

/** The cell index of every entry. */
function* entriesOf(node: DeviceTreeNode, name: string, cells: number): Generator<number, void> {
  const length = node.property(name)?.length ?? 0;
  if (length === 0) return;
  if (cells === 0 || length % (cells * 4) !== 0) {
    throw badValue(
      node,
      name,
      `has ${length} bytes, which is no multiple of ${cells} cells; check the #…-cells around it`,
    );
  }
  for (let at = 0; at * 4 < length; at += cells) yield at;
}
