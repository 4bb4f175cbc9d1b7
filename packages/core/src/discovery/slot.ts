import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import type { Driver } from '../guest/driver.js';
import { type InspectedInterface, inspectTree } from './inspect.js';
import { driversFor } from './match.js';
import { compatibleOf } from './recognise.js';
import { isAvailable } from './status.js';

/** A driver at a node, and what it gave. */
interface Bond {
  readonly driver: Driver;
  readonly value: unknown;
  /** The slots whose drivers it was given. */
  readonly uses: ReadonlySet<Slot>;
}

/** One place where a driver can be bound: a node, or for a driver without a node the driver itself. */
export interface Slot {
  readonly node: DeviceTreeNode | undefined;
  readonly path: string | undefined;
  /** The drivers that may bind, the best first. */
  candidates: readonly Driver[];
  /** `waiting` is to be tried; `failed` and `absent` are left alone until the node or a need changes. */
  state: 'waiting' | 'bound' | 'failed' | 'absent';
  bond: Bond | undefined;
  /** Candidates that did not find what they look for. */
  readonly asked: Set<Driver>;
  /** Why it waits, as last reported. */
  reason: string | undefined;
  error: Error | undefined;
}

/** A place that a tree offers. */
export interface Place {
  readonly node: DeviceTreeNode;
  readonly path: string;
  readonly interface: InspectedInterface | undefined;
  readonly candidates: readonly Driver[];
}

/** A slot that has not been tried. */
export function newSlot({ node, path, candidates }: Pick<Slot, 'node' | 'path' | 'candidates'>): Slot {
  const state = 'waiting';
  return { node, path, candidates, state, bond: undefined, asked: new Set(), reason: undefined, error: undefined };
}

/** Forgets what was tried, so that it is tried again. */
export function reset(slot: Slot): void {
  slot.state = 'waiting';
  slot.bond = undefined;
  slot.reason = undefined;
  slot.error = undefined;
  slot.asked.clear();
}

/** Whether a driver needs another one. */
export function needs(driver: Driver, other: Driver): boolean {
  return driver.needs.some(({ name }) => name === other.name);
}

/** Every node of a tree that is a known interface or that a driver matches, in the tree's order. */
export function placesIn(tree: DeviceTree, drivers: readonly Driver[]): Place[] {
  const interfaces = new Map(inspectTree(tree, { drivers }).interfaces.map((found) => [found.node, found]));
  const places: Place[] = [];
  const visit = (node: DeviceTreeNode): void => {
    const known = interfaces.get(node);
    const matching = driversFor(known?.compatible ?? compatibleOf(node), drivers);
    if (known !== undefined || matching.length > 0) {
      places.push({ node, path: node.path, interface: known, candidates: isAvailable(node) ? matching : [] });
    }
    for (const child of node.children) visit(child);
  };
  visit(tree.root);
  return places;
}
