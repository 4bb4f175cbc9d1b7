import { CompositionError, type InspectedInterface, inspectTree, type Level, type Service } from '@trapline/core';
import { type DeviceTree, readDtb } from '@trapline/devicetree';
import { createStack } from './create-stack.js';
import type { MemoryRegion } from './region.js';
import type { GuestSpec, StackSpec } from './spec.js';
import type { Stack } from './stack.js';
import { readMemory } from './tree/memory.js';

/** Makes the services that answer an interface as a tree describes it. */
export type ServiceFactory = (found: InspectedInterface) => Service | readonly Service[];

/** What a stack is composed of that a tree describes. */
export interface TreeStackSpec<Name extends string = string>
  extends Partial<Omit<GuestSpec<Name>, 'deviceTree' | 'tree' | 'vcpus'>>,
    Pick<StackSpec, 'clock' | 'onUnclaimed'> {
  /** By name of the interface. Interfaces without an entry stay unanswered. */
  readonly services: Readonly<Record<string, ServiceFactory>>;
  /** Where a service stands; {@link levelFor} where absent. */
  readonly level?: (service: Service, found: InspectedInterface) => Level;
  /** Where the tree has no memory, as on boards whose boot loader fills it in. */
  readonly memoryIfNone?: readonly MemoryRegion[];
}

/**
 * Composes the machine that a device tree describes: its CPUs, its memory, and for every usable interface in it the
 * services that the table has for it, where the node's conduit reaches them. The one guest is called `guest` if nobody
 * says otherwise.
 *
 * Throws {@link CompositionError} for a service that the node's conduit does not reach, and as {@link createStack} does.
 */
export function stackFromTree<const Name extends string = 'guest'>(
  source: DeviceTree | Uint8Array,
  { services, level, clock, onUnclaimed, memoryIfNone, ...guest }: TreeStackSpec<Name>,
): Stack<Name> {
  const deviceTree = source instanceof Uint8Array ? readDtb(source) : source;
  const placed: Record<Level, Service[]> = { outside: [], el2: [], el3: [] };
  for (const found of inspectTree(deviceTree).interfaces) {
    const factory = Object.hasOwn(services, found.interface) ? services[found.interface] : undefined;
    if (factory === undefined || !isUsable(found)) continue;
    for (const service of [factory(found)].flat()) placed[(level ?? levelFor)(service, found)].push(service);
  }
  const name = guest.name ?? ('guest' as Name);
  const isBare = memoryIfNone !== undefined && !guest.memory && readMemory(deviceTree, name).length === 0;
  return createStack<Name>({
    guests: [{ ...guest, name, deviceTree, ...(isBare && { memory: memoryIfNone }) }],
    ...placed,
    ...(clock && { clock }),
    ...(onUnclaimed && { onUnclaimed }),
  });
}

/**
 * Where a service stands if a node's conduit is to reach it: EL3 for `smc`, EL2 for `hvc`, outside for one that cannot
 * stand there.
 */
export function levelFor(service: Service, { path, conduit }: InspectedInterface): Level {
  const usual: Level = conduit === 'smc' ? 'el3' : 'el2';
  if (service.levels.includes(usual)) return usual;
  if (service.levels.includes('outside')) return 'outside';
  throw new CompositionError(
    `${path} names ${conduit}, and service '${service.name}' stands only at ${service.levels.join(' or ')}`,
    `take a service for ${usual}, or write another method there`,
  );
}

/** Codes of nodes that software passes over. */
const PASSED_OVER: readonly string[] = ['status-not-okay', 'parent-not-okay', 'duplicate-interface'];

function isUsable({ conduit, diagnostics }: InspectedInterface): boolean {
  const refused = diagnostics.some(({ severity, code }) => severity === 'error' || PASSED_OVER.includes(code));
  return (conduit === 'hvc' || conduit === 'smc') && !refused;
}
