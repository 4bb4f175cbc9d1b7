import type { DeviceTreeNode } from '@trapline/devicetree';

/**
 * The hypervisor node: ePAPR's (Power.org ePAPR 1.1, virtualization), and this project's symbolic form of it
 * (docs/binding.md): `method` in place of instructions.
 */

/** Compatible strings that the driver binds to. */
export const COMPATIBLE: readonly string[] = ['epapr,hypervisor-*'];

/** ePAPR's property with machine instructions, and the spelling of Linux's Documentation/virt/kvm/ppc-pv.rst. */
export const INSTRUCTIONS = 'hcall-instructions';
export const INSTRUCTIONS_OTHERWISE = 'hypercall-instructions';

/** The instruction's immediate where it is not 0: this project's own property. */
export const IMMEDIATE = 'trapline,immediate';

/** A hypervisor node as it stands: nothing is made up for what is missing or cannot be read. */
export interface EpaprNode {
  readonly path: string;
  readonly compatible: readonly string[];
  /** The version of the first compatible string that has one: `1.1`. */
  readonly version: string | undefined;
  /** The `method` property, where it is one string. */
  readonly method: string | undefined;
  readonly immediate: number;
  /** The machine instructions, under either name: bytes, never executed. */
  readonly instructions: Uint8Array | undefined;
  readonly hasIdle: boolean;
  readonly guestId: number | undefined;
  readonly guestName: string | undefined;
}

/** Reads a node. Properties of the wrong form count as absent. */
export function readEpaprNode(node: DeviceTreeNode): EpaprNode {
  const compatible = stringsOf(node, 'compatible');
  const spelt = compatible.map((name) => /^epapr,hypervisor-(\d+\.\d+)$/.exec(name)?.[1]);
  return {
    path: node.path,
    compatible,
    version: spelt.find((version) => version !== undefined),
    method: stringOf(node, 'method'),
    immediate: (cellOf(node, IMMEDIATE) ?? 0) & 0xffff,
    instructions: node.bytes(INSTRUCTIONS) ?? node.bytes(INSTRUCTIONS_OTHERWISE),
    hasIdle: node.has('has-idle'),
    guestId: cellOf(node, 'guest-id'),
    guestName: stringOf(node, 'guest-name'),
  };
}

/** The one cell of a property, where it is one. */
export function cellOf(node: DeviceTreeNode, name: string): number | undefined {
  const property = node.property(name);
  return property?.length === 4 ? property.u32() : undefined;
}

function stringOf(node: DeviceTreeNode, name: string): string | undefined {
  const strings = stringsOf(node, name);
  return strings.length === 1 ? strings[0] : undefined;
}

function stringsOf(node: DeviceTreeNode, name: string): readonly string[] {
  const property = node.property(name);
  return property?.isStrings === true ? property.strings() : [];
}
