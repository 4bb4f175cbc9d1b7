import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import type { MemoryRegion } from '../region.js';

/** Where a guest finds its interrupt controller. */
export interface InterruptControllerSpec {
  /** GICv2 serves up to {@link GICV2_CPUS} vCPUs. GICv3 where absent. */
  readonly version?: 2 | 3;
  /** Address of the distributor's frame. */
  readonly distributor?: number;
  /** Address of the CPU interface (GICv2) or of the redistributors (GICv3). */
  readonly cpuInterface?: number;
}

/** Most CPUs that a GICv2 has interfaces for (IHI 0048B, 1.3). */
export const GICV2_CPUS = 8;

/** Where the distributor lies if nobody says: below 1 GiB, as on most virtual boards. */
export const DEFAULT_DISTRIBUTOR = 0x0800_0000;

const FRAME = 0x1_0000;
/** A redistributor is two frames of 64 KiB (IHI 0069, 12.10). */
const REDISTRIBUTOR = 2 * FRAME;

/** The addresses that an interrupt controller takes up, and what a guest is told of it. */
export interface InterruptControllerPlan {
  readonly version: 2 | 3;
  readonly distributor: MemoryRegion;
  readonly cpuInterface: MemoryRegion;
}

/** Fills in what a guest's description leaves open. */
export function planInterruptController(spec: InterruptControllerSpec, cpus: number): InterruptControllerPlan {
  const version = spec.version ?? 3;
  const distributor = spec.distributor ?? DEFAULT_DISTRIBUTOR;
  return {
    version,
    distributor: { base: distributor, size: FRAME },
    cpuInterface: {
      base: spec.cpuInterface ?? distributor + FRAME,
      size: version === 2 ? FRAME : cpus * REDISTRIBUTOR,
    },
  };
}

/** Writes the node; bindings `arm,gic.yaml` and `arm,gic-v3.yaml`. */
export function writeInterruptController(tree: DeviceTree, plan: InterruptControllerPlan): DeviceTreeNode {
  const { distributor, cpuInterface } = plan;
  const node = tree.add(`interrupt-controller@${distributor.base.toString(16)}`, {
    compatible: plan.version === 2 ? 'arm,cortex-a15-gic' : 'arm,gic-v3',
    reg: [BigInt(distributor.base), BigInt(distributor.size), BigInt(cpuInterface.base), BigInt(cpuInterface.size)],
    'interrupt-controller': true,
    '#interrupt-cells': 3,
    '#address-cells': 0,
  });
  node.ensurePhandle();
  return node;
}
