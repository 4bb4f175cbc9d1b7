import { DeviceTree } from '@trapline/devicetree';
import type { MemoryRegion } from '../region.js';
import type { TreeSpec } from '../spec.js';
import { writeCpus } from './cpus.js';
import { type InterruptControllerPlan, writeInterruptController } from './interrupt-controller.js';
import { writeMemory } from './memory.js';
import { writeTimer } from './timer.js';

/** What a tree is written from, before any service has described itself. */
export interface TreePlan {
  readonly mpidrs: readonly bigint[];
  readonly memory: readonly MemoryRegion[];
  readonly midr: number;
  readonly interruptController: InterruptControllerPlan | undefined;
  readonly more: TreeSpec;
}

/** A tree of the machine itself, and what services need to add themselves. */
export interface MachineTree {
  readonly tree: DeviceTree;
  readonly cpus: readonly string[];
  readonly interruptController: number | undefined;
}

/** Writes CPUs, memory, interrupt controller and timers: what is there whichever services answer. */
export function writeMachineTree(plan: TreePlan): MachineTree {
  const tree = new DeviceTree();
  const { root } = tree;
  root.set('compatible', plan.more.compatible ?? ['trapline,virt', 'linux,dummy-virt']);
  root.set('model', plan.more.model ?? 'trapline,virt');
  root.set('#address-cells', 2);
  root.set('#size-cells', 2);
  if (plan.more.aliases !== undefined) tree.add('aliases', plan.more.aliases);
  tree.add('chosen', { bootargs: plan.more.bootargs });
  const cpus = writeCpus(tree, plan.mpidrs, plan.midr);
  writeMemory(tree, plan.memory);
  if (plan.interruptController === undefined) return { tree, cpus, interruptController: undefined };
  const controller = writeInterruptController(tree, plan.interruptController);
  root.set('interrupt-parent', [controller]);
  writeTimer(tree, plan.interruptController.version, cpus.length);
  return { tree, cpus, interruptController: controller.phandle };
}
