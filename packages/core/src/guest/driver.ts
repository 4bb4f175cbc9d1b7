import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import type { ConduitKind } from '../abi/convention.js';
import type { MemoryPort, RandomPort } from '../ports.js';
import type { Conduit } from './conduit.js';

/**
 * The guest's side of an interface: binds to device tree nodes by `compatible`, or, without any, once the drivers it
 * needs are there (KVM has no node on ARM).
 */
export interface Driver<Bound = unknown> {
  readonly name: string;
  /** Compatible strings it binds to; a trailing `*` stands for any ending. Empty where there is no node. */
  readonly compatible: readonly string[];
  /** Drivers that must be bound before. */
  readonly needs: readonly Driver[];
  /**
   * Binds. `node` is undefined for a driver without a node. Gives undefined where what it looks for is not there (a
   * probe that fails is not an error), throws {@link BindError} where the node is wrong.
   */
  bind(context: BindContext, node: DeviceTreeNode | undefined): Bound | undefined;
  /** The node has gone, or a driver it needs has. */
  unbind?(bound: Bound): void;
}

/** What a driver has at hand when it binds. */
export interface BindContext {
  readonly tree: DeviceTree;
  /** The guest's conduit of a kind. */
  conduit(kind: ConduitKind): Conduit;
  /** What a driver named in {@link Driver.needs} is bound to. */
  get<Bound>(driver: Driver<Bound>): Bound;
  /** The guest's own memory, for drivers that share structures with their hypervisor. */
  readonly memory: MemoryPort | undefined;
  readonly random: RandomPort | undefined;
}

/** A node that a driver cannot bind to: names the path, what is wrong and what to write. */
export class BindError extends Error {
  override readonly name = 'BindError';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.path = path;
  }
}
