import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import type { InstructionSet } from '@trapline/wrappers/decode';

const AARCH32_ONLY = /^arm,(?:cortex-a(?:5|7|8|9|12|15|17|32)|armv7\S*|arm1\d+\S*|arm9\S*)$/;
const POWERPC = /^(?:PowerPC,|powerpc,|fsl,e\d|ibm,power)/;

/** What the CPUs of a tree execute, as far as their `compatible` tells. */
export interface CpuSets {
  readonly sets: readonly InstructionSet[];
  /** Whether they are PowerPC's. */
  readonly powerPc: boolean;
  /** The compatible strings that say so. */
  readonly names: readonly string[];
}

/** The instruction sets that a tree's CPUs can have: all of Arm's where nothing rules one out. */
export function cpuSetsOf(tree: DeviceTree): CpuSets {
  const cpus = tree.root.child('cpus')?.children.filter(isCpu) ?? [];
  const names = [...new Set(cpus.flatMap((cpu) => cpuNames(cpu)))];
  if (names.length > 0 && names.every((name) => POWERPC.test(name))) return { sets: [], powerPc: true, names };
  const only32 = names.length > 0 && names.every((name) => AARCH32_ONLY.test(name));
  return { sets: only32 ? ['a32', 't32'] : ['a64', 'a32', 't32'], powerPc: false, names };
}

function isCpu(node: DeviceTreeNode): boolean {
  return node.baseName === 'cpu' || cpuType(node) === 'cpu';
}

function cpuType(node: DeviceTreeNode): string | undefined {
  const type = node.property('device_type');
  return type?.isStrings === true ? type.strings()[0] : undefined;
}

/** The node's first compatible string; PowerPC trees name the CPU in the node's name (`PowerPC,e500mc@0`). */
function cpuNames(node: DeviceTreeNode): readonly string[] {
  const property = node.property('compatible');
  const first = property?.isStrings === true ? property.strings()[0] : undefined;
  if (first !== undefined) return [first];
  return POWERPC.test(node.name) ? [node.baseName] : [];
}
