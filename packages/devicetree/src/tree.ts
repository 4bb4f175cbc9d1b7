import { DeviceTreeError } from './error.js';
import { DeviceTreeNode, type NodeOwner, type NodeProperties, type TreeChange } from './node.js';

/** One entry of the memory reservation block. DTSpec 0.4, 5.3. */
export interface Reservation {
  readonly address: bigint;
  readonly size: bigint;
  /** Labels before the entry in DTS source. */
  readonly labels?: readonly string[];
}

/** What a tree is made from. */
export interface DeviceTreeParts {
  readonly root?: DeviceTreeNode;
  readonly reservations?: readonly Reservation[];
  /** Physical id of the boot CPU, `boot_cpuid_phys` of the header. */
  readonly bootCpu?: number;
  /** The blob the tree was read from. */
  readonly image?: Uint8Array;
  /** Whether the tree is an overlay (`/plugin/` in DTS). */
  readonly overlay?: boolean;
}

/** Told of every change, after it. */
export type TreeListener = (change: TreeChange) => void;

/**
 * A live device tree: nodes found by path, alias, label and phandle; edits that observers hear of.
 *
 * Trees come from `readDtb`, `readDts` or the constructor, and go out by `writeDtb` and `writeDts`.
 */
export class DeviceTree {
  readonly root: DeviceTreeNode;
  readonly overlay: boolean;
  #reservations: readonly Reservation[];
  #bootCpu: number;
  #image: Uint8Array | undefined;
  #phandles: Map<number, DeviceTreeNode> | undefined;
  #labels: Map<string, DeviceTreeNode> | undefined;
  #lastPhandle = 0;
  readonly #listeners: Set<TreeListener> = new Set();

  constructor(parts: DeviceTreeParts = {}) {
    this.root = parts.root ?? new DeviceTreeNode('');
    this.overlay = parts.overlay ?? false;
    this.#reservations = parts.reservations ?? [];
    this.#bootCpu = parts.bootCpu ?? 0;
    this.#image = parts.image;
    const owner: NodeOwner = {
      changed: (change) => this.#changed(change),
      freePhandle: () => this.#freePhandle(),
      byPhandle: (phandle) => this.byPhandle(phandle),
    };
    this.root.own(owner);
  }

  /** The blob this tree was read from, as long as it says what the tree says; the first edit ends that. */
  get image(): Uint8Array | undefined {
    return this.#image;
  }

  get reservations(): readonly Reservation[] {
    return this.#reservations;
  }

  set reservations(reservations: readonly Reservation[]) {
    this.#reservations = reservations;
    this.#image = undefined;
  }

  get bootCpu(): number {
    return this.#bootCpu;
  }

  set bootCpu(bootCpu: number) {
    this.#bootCpu = bootCpu;
    this.#image = undefined;
  }

  /**
   * The node at a path (`/soc/uart@9000000`), at an alias (`serial0`), or with a label (`&gic`).
   *
   * An alias or a label may be followed by a path below it. Components may lack the unit address.
   */
  node(where: string): DeviceTreeNode | undefined {
    if (where.startsWith('/')) return descend(this.root, where.slice(1));
    const slash = where.indexOf('/');
    const head = slash < 0 ? where : where.slice(0, slash);
    const start = head.startsWith('&') ? this.byLabel(head.slice(1)) : this.byAlias(head);
    return start === undefined || slash < 0 ? start : descend(start, where.slice(slash + 1));
  }

  /** As {@link node}, throwing `unknown-reference` where there is none. */
  require(where: string): DeviceTreeNode {
    const node = this.node(where);
    if (node === undefined) throw new DeviceTreeError('unknown-reference', `the tree has no node '${where}'`);
    return node;
  }

  /** The node that a property of `/aliases` names. DTSpec 0.4, 3.3. */
  byAlias(alias: string): DeviceTreeNode | undefined {
    const property = this.root.child('aliases')?.property(alias);
    return property === undefined ? undefined : this.#atPathIn(property.bytes);
  }

  /** The node with a DTS label, or with an entry in `/__symbols__`. */
  byLabel(label: string): DeviceTreeNode | undefined {
    this.#labels ??= this.#indexLabels();
    const labelled = this.#labels.get(label);
    if (labelled !== undefined) return labelled;
    const symbol = this.root.child('__symbols__')?.property(label);
    return symbol === undefined ? undefined : this.#atPathIn(symbol.bytes);
  }

  /** The first node with that phandle. */
  byPhandle(phandle: number): DeviceTreeNode | undefined {
    this.#phandles ??= this.#indexPhandles();
    return this.#phandles.get(phandle);
  }

  /** All nodes, parents first. */
  nodes(): Generator<DeviceTreeNode, void> {
    return this.root.walk();
  }

  /** All nodes whose `compatible` has one of the names (which may end in `*`), in the tree's order. */
  *compatible(...patterns: readonly string[]): Generator<DeviceTreeNode, void> {
    for (const node of this.nodes()) if (node.isCompatible(...patterns)) yield node;
  }

  /** Adds a child to the root; see {@link DeviceTreeNode.add}. */
  add(name: string, properties: NodeProperties = {}): DeviceTreeNode {
    return this.root.add(name, properties);
  }

  /** Calls back after every change until the returned function is called. */
  observe(listener: TreeListener): () => void {
    const own: TreeListener = (change) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  #atPathIn(bytes: Uint8Array): DeviceTreeNode | undefined {
    const end = bytes.indexOf(0);
    const path = end < 0 ? '' : new TextDecoder().decode(bytes.subarray(0, end));
    return path.startsWith('/') ? descend(this.root, path.slice(1)) : undefined;
  }

  #changed(change: TreeChange): void {
    this.#image = undefined;
    this.#updateIndexes(change);
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** What comes is added to the indexes; they are made anew after something in them went away or moved. */
  #updateIndexes(change: TreeChange): void {
    if (change.type === 'property-changed') {
      if (change.name !== 'phandle' && change.name !== 'linux,phandle') return;
      const { phandle } = change.node;
      const isNew = change.before === undefined && phandle !== undefined && this.#phandles?.has(phandle) === false;
      if (isNew && !change.node.has(change.name === 'phandle' ? 'linux,phandle' : 'phandle')) {
        this.#phandles?.set(phandle, change.node);
      } else this.#phandles = undefined;
      return;
    }
    for (const node of change.node.walk()) {
      const { phandle, labels } = node;
      if (change.type === 'node-removed') {
        if (phandle !== undefined) this.#phandles = undefined;
        if (labels.length > 0) this.#labels = undefined;
        continue;
      }
      if (phandle !== undefined && this.#phandles?.has(phandle)) this.#phandles = undefined;
      else if (phandle !== undefined) this.#phandles?.set(phandle, node);
      for (const label of labels) this.#labels?.set(label, node);
    }
  }

  /** dtc's rule: the lowest number that no node has. Freed numbers below the last one given are not looked for again. */
  #freePhandle(): number {
    do this.#lastPhandle++;
    while (this.byPhandle(this.#lastPhandle) !== undefined);
    return this.#lastPhandle;
  }

  #indexPhandles(): Map<number, DeviceTreeNode> {
    const index = new Map<number, DeviceTreeNode>();
    for (const node of this.nodes()) {
      const phandle = node.phandle;
      if (phandle !== undefined && !index.has(phandle)) index.set(phandle, node);
    }
    return index;
  }

  #indexLabels(): Map<string, DeviceTreeNode> {
    const index = new Map<string, DeviceTreeNode>();
    for (const node of this.nodes()) for (const label of node.labels) index.set(label, node);
    return index;
  }
}

function descend(start: DeviceTreeNode, path: string): DeviceTreeNode | undefined {
  let node: DeviceTreeNode | undefined = start;
  for (const component of path.split('/')) {
    if (component === '') continue;
    node = node.child(component);
    if (node === undefined) return undefined;
  }
  return node;
}
