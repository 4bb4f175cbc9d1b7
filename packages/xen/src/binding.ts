import {
  cells,
  type DeviceTree,
  DeviceTreeError,
  type DeviceTreeNode,
  interrupts,
  type RegEntry,
  reg,
  strings,
  u64,
} from '@trapline/devicetree';

/**
 * The device tree binding of Xen (Linux, Documentation/devicetree/bindings/arm/xen.txt; docs/misc/arm/device-tree/guest.txt
 * of Xen): read it, write it. Who is there and which version of its interface; how it is called follows from who it is.
 */

/** Compatible strings that the driver binds to. */
export const COMPATIBLE: readonly string[] = ['xen,xen', 'xen,xen-*'];

/** What stands before the version in a compatible string. */
const VERSION_PREFIX = 'xen,xen-';

/** Where software looks for the node. */
const PATH = '/hypervisor';

/** A version of Xen, which is the version of its interface. */
export interface XenVersion {
  readonly major: number;
  readonly minor: number;
}

/** A part of the guest's physical address space. */
export interface XenRegion {
  readonly base: bigint;
  readonly size: bigint;
}

/** UEFI as Xen hands it to its control domain, in the sub-node `uefi`. */
export interface XenUefi {
  readonly systemTable: bigint;
  readonly memoryMap: bigint;
  readonly memoryMapSize: number;
  readonly descriptorSize: number;
  readonly descriptorVersion: number;
}

/** A hypervisor node as it stands: nothing is made up for what is missing or cannot be read. */
export interface XenNode {
  readonly path: string;
  readonly compatible: readonly string[];
  /** The first version that a compatible string names. */
  readonly version: XenVersion | undefined;
  /** Whether the first string has it: Linux reads no other (xen_early_init). */
  readonly versionFirst: boolean;
  /** The `method` property, where it is one string: the binding has none today. */
  readonly method: string | undefined;
  /** Where the grant table can be put: `reg` 0. Absent where a control domain boots with ACPI. */
  readonly grantRegion: XenRegion | undefined;
  /** Address space for foreign pages and grants: `reg` 1 and on. */
  readonly extendedRegions: readonly XenRegion[];
  /** INTID of the interrupt by which event channels call. */
  readonly eventInterrupt: number | undefined;
  readonly uefi: XenUefi | undefined;
}

/** Reads a node. Properties of the wrong form count as absent. */
export function readXenNode(node: DeviceTreeNode): XenNode {
  const compatible = stringsOf(node, 'compatible');
  const versions = compatible.map(versionOf);
  const [grantRegion, ...extendedRegions] = regionsOf(node);
  return {
    path: node.path,
    compatible,
    version: versions.find((version) => version !== undefined),
    versionFirst: versions[0] !== undefined,
    method: methodOf(node),
    grantRegion,
    extendedRegions,
    eventInterrupt: eventInterruptOf(node),
    uefi: uefiOf(node.child('uefi')),
  };
}

/** The version that a compatible string spells: `xen,xen-4.17`. */
export function versionOf(compatible: string): XenVersion | undefined {
  const match = /^xen,xen-(\d{1,3})\.(\d{1,3})$/.exec(compatible);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/** Negative where the first version is the older one. */
export function compareVersions(one: XenVersion, other: XenVersion): number {
  return one.major - other.major || one.minor - other.minor;
}

/** `4.17`. */
export function versionWords({ major, minor }: XenVersion): string {
  return `${major}.${minor}`;
}

/** What {@link writeHypervisorNode} writes down. */
export interface XenDescription {
  readonly version: XenVersion;
  readonly grantRegion: XenRegion;
  readonly extendedRegions?: readonly XenRegion[];
  /** INTID of the event channels' private interrupt, 16 to 31. */
  readonly eventInterrupt: number;
  /** A phandle; the node's parent's interrupt controller where absent. */
  readonly interruptController?: number | undefined;
  readonly uefi?: XenUefi | undefined;
}

/** First INTID of private peripheral interrupts, which the GIC's binding counts from 0 as type 1. */
const FIRST_PPI = 16;
const PPI = 1;
/** Active-low level for all CPUs, as Xen writes it (xen/arch/arm/domain_build.c, set_interrupt). */
const INTERRUPT_FLAGS = 0xf08;

/** Writes `/hypervisor` as Xen writes it. */
export function writeHypervisorNode(tree: DeviceTree, xen: XenDescription): DeviceTreeNode {
  const node = tree.node(PATH) ?? tree.root.add(PATH.slice(1));
  node.set('compatible', strings(`${VERSION_PREFIX}${versionWords(xen.version)}`, 'xen,xen'));
  const regions = [xen.grantRegion, ...(xen.extendedRegions ?? [])];
  const spaces = [tree.root.u32('#address-cells') ?? 2, tree.root.u32('#size-cells') ?? 1] as const;
  node.set(
    'reg',
    cells(...regions.flatMap(({ base, size }) => [...cellsOf(base, spaces[0]), ...cellsOf(size, spaces[1])])),
  );
  node.set('interrupts', cells(PPI, xen.eventInterrupt - FIRST_PPI, INTERRUPT_FLAGS));
  node.set('interrupt-parent', xen.interruptController);
  if (xen.uefi !== undefined) writeUefi(node, xen.uefi);
  return node;
}

const UEFI = {
  systemTable: 'xen,uefi-system-table',
  memoryMap: 'xen,uefi-mmap-start',
  memoryMapSize: 'xen,uefi-mmap-size',
  descriptorSize: 'xen,uefi-mmap-desc-size',
  descriptorVersion: 'xen,uefi-mmap-desc-ver',
} as const;

function writeUefi(node: DeviceTreeNode, uefi: XenUefi): void {
  const child = node.child('uefi') ?? node.add('uefi');
  child.set(UEFI.systemTable, u64(uefi.systemTable));
  child.set(UEFI.memoryMap, u64(uefi.memoryMap));
  child.set(UEFI.memoryMapSize, cells(uefi.memoryMapSize));
  child.set(UEFI.descriptorSize, cells(uefi.descriptorSize));
  child.set(UEFI.descriptorVersion, cells(uefi.descriptorVersion));
}

function uefiOf(node: DeviceTreeNode | undefined): XenUefi | undefined {
  if (node === undefined) return undefined;
  const number = (name: string, length: 4 | 8): bigint | undefined => {
    const property = node.property(name);
    return property?.length === length ? property.number(0, length / 4) : undefined;
  };
  const systemTable = number(UEFI.systemTable, 8);
  const memoryMap = number(UEFI.memoryMap, 8);
  const size = number(UEFI.memoryMapSize, 4);
  const descriptorSize = number(UEFI.descriptorSize, 4);
  const descriptorVersion = number(UEFI.descriptorVersion, 4);
  if (systemTable === undefined || memoryMap === undefined) return undefined;
  if (size === undefined || descriptorSize === undefined || descriptorVersion === undefined) return undefined;
  return {
    systemTable,
    memoryMap,
    memoryMapSize: Number(size),
    descriptorSize: Number(descriptorSize),
    descriptorVersion: Number(descriptorVersion),
  };
}

function regionsOf(node: DeviceTreeNode): readonly XenRegion[] {
  const entries = readable(() => reg(node)) ?? [];
  return entries.map(({ address, size }: RegEntry) => ({ base: address, size }));
}

/** First INTIDs by the type in the GIC's binding: shared, private, extended shared, extended private. */
const INTERRUPT_BASES: readonly number[] = [32, FIRST_PPI, 4096, 1056];

function eventInterruptOf(node: DeviceTreeNode): number | undefined {
  const [type, number] = readable(() => interrupts(node))?.[0]?.specifier ?? [];
  const base = type === undefined ? undefined : INTERRUPT_BASES[type];
  return base === undefined || number === undefined ? undefined : base + number;
}

/** What a malformed property cannot give. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DeviceTreeError) return undefined;
    throw error;
  }
}

function methodOf(node: DeviceTreeNode): string | undefined {
  const all = stringsOf(node, 'method');
  return all.length === 1 ? all[0] : undefined;
}

function stringsOf(node: DeviceTreeNode, name: string): readonly string[] {
  const property = node.property(name);
  return property?.isStrings === true ? property.strings() : [];
}

function cellsOf(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((value >> (32n * BigInt(count - 1 - i))) & 0xffff_ffffn));
}
