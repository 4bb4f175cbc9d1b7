import { CompositionError, inspectTree, type Level, type Service, type TreeInspection } from '@trapline/core';
import { type DeviceTree, readDtb } from '@trapline/devicetree';
import { type BootState, MAX_VCPUS, type VcpuSpec } from '@trapline/trap-bus';
import { checkFrames, checkMemory, checkName, serviceOf } from './check.js';
import type { MemoryRegion } from './region.js';
import type { GuestSpec, StackSpec } from './spec.js';
import { readCpus } from './tree/cpus.js';
import { GICV2_CPUS, type InterruptControllerPlan, planInterruptController } from './tree/interrupt-controller.js';
import { readMemory } from './tree/memory.js';

/** A tree that a guest brings, and what it says. */
interface OwnTree {
  readonly tree: DeviceTree;
  readonly inspection: TreeInspection;
}

/** A guest with everything decided that its machine is built from. */
export interface GuestPlan {
  readonly spec: GuestSpec;
  readonly vcpus: readonly VcpuSpec[];
  readonly memory: readonly MemoryRegion[];
  readonly services: Readonly<Record<Level, readonly Service[]>>;
  readonly hasEl2: boolean;
  readonly hasEl3: boolean;
  readonly own: OwnTree | undefined;
  /** For the tree that the stack writes. */
  readonly interruptController: InterruptControllerPlan | undefined;
}

/** Decides what a guest is made of, and refuses what cannot be. */
export function planGuest(stack: StackSpec, spec: GuestSpec): GuestPlan {
  checkName(spec.name);
  const services = {
    outside: servicesFor(stack, 'outside', spec.name),
    el2: servicesFor(stack, 'el2', spec.name),
    el3: servicesFor(stack, 'el3', spec.name),
  };
  const own = ownTreeOf(spec);
  const hasEl2 = spec.hasEl2 ?? services.el2.length > 0;
  const boot: BootState = { ...(hasEl2 && services.el2.length === 0 && { el: 2 as const }), ...spec.boot };
  const vcpus = vcpusOf(spec, own).map((vcpu, index) => {
    const cpu = vcpu.cpu ?? spec.cpus?.[index];
    return { ...vcpu, boot: { ...boot, ...vcpu.boot }, ...(cpu && { cpu }) };
  });
  const memory = spec.memory ?? (own ? readMemory(own.tree, spec.name) : []);
  checkMemory(spec.name, memory);
  return {
    spec,
    vcpus,
    memory,
    services,
    hasEl2,
    hasEl3: spec.hasEl3 ?? services.el3.length > 0,
    own,
    interruptController: own ? undefined : controllerOf(spec, memory, vcpus.length),
  };
}

function servicesFor(stack: StackSpec, level: Level, guest: string): Service[] {
  return (stack[level] ?? [])
    .filter((choice) => !('service' in choice) || choice.guests.includes(guest))
    .map(serviceOf);
}

function ownTreeOf({ name, deviceTree, tree: wanted }: GuestSpec): OwnTree | undefined {
  if (deviceTree === undefined) return undefined;
  if (wanted !== undefined) {
    throw new CompositionError(
      `guest '${name}' brings its own device tree and says in 'tree' what another should hold`,
      'leave out one of the two',
    );
  }
  const tree = deviceTree instanceof Uint8Array ? readDtb(deviceTree) : deviceTree;
  return { tree, inspection: inspectTree(tree) };
}

function vcpusOf({ name, vcpus }: GuestSpec, own: OwnTree | undefined): readonly VcpuSpec[] {
  if (own !== undefined) {
    if (vcpus === undefined) return readCpus(own.tree, own.inspection, name);
    throw new CompositionError(`guest '${name}' has its vCPUs from its device tree and from vcpus`, 'leave vcpus out');
  }
  if (vcpus === undefined) {
    throw new CompositionError(`guest '${name}' has no vCPUs`, 'say how many in vcpus, or bring a deviceTree');
  }
  if (typeof vcpus !== 'number') return vcpus;
  if (Number.isInteger(vcpus) && vcpus >= 1 && vcpus <= MAX_VCPUS) return Array.from({ length: vcpus }, () => ({}));
  throw new CompositionError(`guest '${name}' has ${vcpus} vCPUs`, `give it between 1 and ${MAX_VCPUS}`);
}

function controllerOf(
  spec: GuestSpec,
  memory: readonly MemoryRegion[],
  cpus: number,
): InterruptControllerPlan | undefined {
  const choice = spec.tree?.interruptController ?? {};
  if (choice === false) return undefined;
  const plan = planInterruptController(choice, cpus);
  if (plan.version === 2 && cpus > GICV2_CPUS) {
    throw new CompositionError(
      `guest '${spec.name}' has ${cpus} vCPUs, and a GICv2 serves ${GICV2_CPUS}`,
      'take version 3 in tree.interruptController',
    );
  }
  checkFrames(spec.name, memory, plan.distributor, plan.cpuInterface);
  return plan;
}
