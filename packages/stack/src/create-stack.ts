import type { DeviceTree } from '@trapline/devicetree';
import { createMachine, type Guest } from '@trapline/trap-bus';
import { checkChoices } from './check.js';
import { StackGuest } from './guest.js';
import { type GuestPlan, planGuest } from './placement.js';
import type { StackSpec } from './spec.js';
import { Stack } from './stack.js';
import { checkOwnTree, described, standingsOf } from './standing.js';
import { writeMachineTree } from './tree/write.js';

/**
 * Composes guests and the services that answer them, and writes each guest's device tree from what the services say of
 * themselves. A guest that brings its own tree has its vCPUs and memory from there.
 *
 * Throws {@link CompositionError} for a composition that cannot be, naming the parties and the remedy; and
 * `DeviceTreeError` for a guest's own blob that is none.
 */
export function createStack<const Name extends string>(spec: StackSpec<Name>): Stack<Name> {
  checkChoices(spec);
  const plans = spec.guests.map((guest) => planGuest(spec, guest));
  const machine = createMachine({
    guests: plans.map((plan) => ({
      ...machineOptions(plan),
      vcpus: plan.vcpus,
      memory: plan.memory,
      services: plan.services,
      hasEl2: plan.hasEl2,
      hasEl3: plan.hasEl3,
    })),
    ...(spec.clock && { clock: spec.clock }),
    ...(spec.onUnclaimed && { onUnclaimed: spec.onUnclaimed }),
  });
  try {
    const guests = plans.map((plan, i) => {
      const bus = machine.guests[i] as Guest;
      return new StackGuest(bus, treeOf(plan, bus), plan.memory);
    });
    return new Stack(machine, guests);
  } catch (error) {
    machine.dispose();
    throw error;
  }
}

function machineOptions({ spec }: GuestPlan) {
  const { name, midr, ports, seed, deferred } = spec;
  return {
    name,
    ...(midr !== undefined && { midr }),
    ...(ports !== undefined && { ports }),
    ...(seed !== undefined && { seed }),
    ...(deferred !== undefined && { deferred }),
  };
}

function treeOf(plan: GuestPlan, bus: Guest): DeviceTree {
  const { spec, own } = plan;
  const standings = standingsOf(bus.services, plan.hasEl2);
  const shown = described(spec.name, standings);
  if (own !== undefined) {
    checkOwnTree(spec.name, own.inspection.interfaces, standings);
    return own.tree;
  }
  const { tree, cpus, interruptController } = writeMachineTree({
    mpidrs: bus.vcpus.map((vcpu) => vcpu.mpidr),
    memory: plan.memory,
    midr: bus.midr,
    interruptController: plan.interruptController,
    more: spec.tree ?? {},
  });
  spec.tree?.devices?.(tree, interruptController);
  for (const { attachment, conduit } of shown) attachment.describe?.(tree, { conduit, cpus, interruptController });
  return tree;
}
