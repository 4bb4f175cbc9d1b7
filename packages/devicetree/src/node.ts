import { DeviceTreeError } from './error.js';
import { MAX_DEPTH } from './limits.js';
import { isNodeName, isPropertyName } from './names.js';
import { Property } from './property.js';
import { PropertyReader } from './property-reader.js';
import { encodeValue, type PropertyValue } from './value.js';

/** One change of a live tree, reported after it has happened. */
export type TreeChange =
  | { readonly type: 'node-added'; readonly node: DeviceTreeNode; readonly path: string }
  | { readonly type: 'node-removed'; readonly node: DeviceTreeNode; readonly path: string }
  | {
      readonly type: 'property-changed';
      readonly node: DeviceTreeNode;
      readonly path: string;
      readonly name: string;
      readonly before: Property | undefined;
      readonly after: Property | undefined;
    };

/** What a tree does for its nodes. */
export interface NodeOwner {
  /** Called after every change below the root. */
  changed(change: TreeChange): void;
  /** A phandle that no node of the tree has. */
  freePhandle(): number;
  /** The node with that phandle. */
  byPhandle(phandle: number): DeviceTreeNode | undefined;
}

/** The values of a new node's properties, in their order. */
export type NodeProperties = Readonly<Record<string, PropertyValue<DeviceTreeNode>>>;

/** What few nodes have; the others do not pay for it. */
interface RareParts {
  readonly labels: readonly string[];
  owner: NodeOwner | undefined;
  /** Children by name, made when there are many and one is looked for. */
  index: Map<string, DeviceTreeNode> | undefined;
}

/**
 * A node of a live tree: a name, properties and children, each in their order.
 *
 * A node belongs to one parent; a node that was removed stays readable and can be attached again.
 */
export class DeviceTreeNode extends PropertyReader {
  #name: string;
  #parent: DeviceTreeNode | undefined = undefined;
  /** Replaced, never changed: leaves share one. */
  #children: readonly DeviceTreeNode[];
  #rare: RareParts | undefined;

  /** Names have to be checked and unique already. */
  constructor(
    name: string,
    properties: readonly Property[] = none,
    children: readonly DeviceTreeNode[] = none,
    labels: readonly string[] = none,
  ) {
    super(properties);
    this.#name = name;
    this.#children = children;
    this.#rare = labels.length === 0 ? undefined : { labels, owner: undefined, index: undefined };
    for (let i = 0; i < children.length; i++) (children[i] as DeviceTreeNode).#parent = this;
  }

  /** Name with unit address (`uart@9000000`); empty for the root. */
  get name(): string {
    return this.#name;
  }

  /** The part of the name before `@`. */
  get baseName(): string {
    return this.#name.split('@')[0] as string;
  }

  /** The part of the name after `@`. */
  get unitAddress(): string | undefined {
    return this.#name.split('@')[1];
  }

  get parent(): DeviceTreeNode | undefined {
    return this.#parent;
  }

  get children(): readonly DeviceTreeNode[] {
    return this.#children;
  }

  /** Labels that DTS source gave the node. */
  get labels(): readonly string[] {
    return this.#rare?.labels ?? none;
  }

  /** Path from the root, `/` for the root itself. */
  override get path(): string {
    if (this.#parent === undefined) return this.#name === '' ? '/' : this.#name;
    let path = '';
    for (let node: DeviceTreeNode = this; node.#parent !== undefined; node = node.#parent)
      path = `/${node.#name}${path}`;
    return path;
  }

  /** The topmost node above this one, itself where it has no parent. */
  get root(): DeviceTreeNode {
    let node: DeviceTreeNode = this;
    while (node.#parent !== undefined) node = node.#parent;
    return node;
  }

  /** This node and all below it, parents first. */
  *walk(): Generator<DeviceTreeNode, void> {
    const waiting: DeviceTreeNode[] = [this];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      yield node;
      for (let i = node.#children.length - 1; i >= 0; i--) waiting.push(node.#children[i] as DeviceTreeNode);
    }
  }

  /** The child of that name; a name without unit address also finds the first child that has one. */
  child(name: string): DeviceTreeNode | undefined {
    const exact = this.#exactChild(name);
    if (exact !== undefined) return exact;
    if (name.includes('@')) return undefined;
    for (const child of this.#children)
      if (child.#name.startsWith(name) && child.#name[name.length] === '@') return child;
    return undefined;
  }

  /** The node of the same tree that has the phandle. */
  byPhandle(phandle: number): DeviceTreeNode | undefined {
    return this.root.#rare?.owner?.byPhandle(phandle);
  }

  /** The node's phandle; a node without one is given the lowest free one. */
  ensurePhandle(): number {
    const existing = this.phandle;
    if (existing !== undefined) return existing;
    const owner = this.root.#rare?.owner;
    if (owner === undefined) throw this.#refuse('cannot be given a phandle before it is part of a tree');
    const phandle = owner.freePhandle();
    this.set('phandle', phandle);
    return phandle;
  }

  /**
   * Adds a child, after the others.
   *
   * Throws `bad-edit` for a name that cannot be one, that a sibling has, or that lies deeper than {@link MAX_DEPTH}.
   */
  add(name: string, properties: NodeProperties = {}): DeviceTreeNode {
    const node = new DeviceTreeNode(name);
    this.attach(node);
    for (const [key, value] of Object.entries(properties)) node.set(key, value);
    return node;
  }

  /** Adds a whole subtree, after the other children; same errors as {@link add}. */
  attach(node: DeviceTreeNode, index: number = this.#children.length): void {
    this.#checkName(node.#name, undefined);
    if (node.#parent !== undefined || node.#rare?.owner !== undefined)
      throw node.#refuse('already has a place in a tree; remove it first');
    if (this.root === node) throw node.#refuse('cannot be put below itself');
    if (this.#depth() + node.#height() > MAX_DEPTH) {
      throw this.#refuse(`'${node.#name}' would lie deeper than ${MAX_DEPTH} nodes`, 'limit');
    }
    this.#children = this.#children.toSpliced(index, 0, node);
    this.#rare?.index?.set(node.#name, node);
    node.#parent = this;
    this.#report({ type: 'node-added', node, path: node.path });
  }

  /** Takes the node out of its tree. The root cannot be removed (`bad-edit`); a detached node stays as it is. */
  remove(): void {
    const parent = this.#parent;
    if (parent === undefined) {
      if (this.#rare?.owner !== undefined) throw this.#refuse('is the root and cannot be removed');
      return;
    }
    const path = this.path;
    parent.#children = parent.#children.filter((child) => child !== this);
    parent.#rare?.index?.delete(this.#name);
    this.#parent = undefined;
    parent.#report({ type: 'node-removed', node: this, path });
  }

  /** Gives the node another name; observers see it removed and added. Same errors as {@link add}. */
  rename(name: string): void {
    const parent = this.#parent;
    if (parent === undefined) throw this.#refuse('has no parent and so no name to change');
    if (name === this.#name) return;
    parent.#checkName(name, this);
    const before = this.path;
    parent.#rare?.index?.delete(this.#name);
    this.#name = name;
    parent.#rare?.index?.set(name, this);
    this.#report({ type: 'node-removed', node: this, path: before });
    this.#report({ type: 'node-added', node: this, path: this.path });
  }

  /**
   * Sets a property, keeping its position where it exists; `false` and `undefined` delete it.
   *
   * Throws `bad-edit` for a name that cannot be one and `range` for a value that does not fit.
   */
  set(name: string, value: PropertyValue<DeviceTreeNode>): void {
    const encoded = encodeValue(value, (node) => node.ensurePhandle());
    if (encoded === undefined) {
      this.delete(name);
      return;
    }
    this.put(new Property(name, encoded.bytes, 0, encoded.bytes.length, encoded.markers));
  }

  /** Sets a property to a ready {@link Property}, at `index` where it is new. */
  put(property: Property, index: number = this.list.length): void {
    if (!isPropertyName(property.name)) throw this.#refuse(`'${property.name}' cannot be a property's name`);
    const at = this.list.findIndex((candidate) => candidate.name === property.name);
    const before = this.list[at];
    this.list = at < 0 ? this.list.toSpliced(index, 0, property) : this.list.with(at, property);
    this.#reportProperty(property.name, before, property);
  }

  /** Deletes a property; says whether it was there. */
  delete(name: string): boolean {
    const at = this.list.findIndex((candidate) => candidate.name === name);
    const before = this.list[at];
    if (before === undefined) return false;
    this.list = this.list.toSpliced(at, 1);
    this.#reportProperty(name, before, undefined);
    return true;
  }

  /** A copy without a place in a tree; names and values are shared, being immutable. */
  clone(): DeviceTreeNode {
    return new DeviceTreeNode(
      this.#name,
      this.list,
      this.#children.map((child) => child.clone()),
      this.labels,
    );
  }

  /** Makes this node the root of a tree: only {@link DeviceTree} calls it, once. */
  own(owner: NodeOwner): void {
    if (this.#parent !== undefined || this.#rare?.owner !== undefined)
      throw this.#refuse('already has a place in a tree');
    if (this.#name !== '') throw this.#refuse('has a name, which a root has not');
    this.#makeRare().owner = owner;
  }

  #checkName(name: string, except: DeviceTreeNode | undefined): void {
    if (!isNodeName(name)) throw this.#refuse(`'${name}' cannot be a node's name`);
    const twin = this.#exactChild(name);
    if (twin !== undefined && twin !== except) {
      throw this.#refuse(`already has a child '${name}'; remove it first or choose another name`);
    }
  }

  #makeRare(): RareParts {
    this.#rare ??= { labels: none, owner: undefined, index: undefined };
    return this.#rare;
  }

  #exactChild(name: string): DeviceTreeNode | undefined {
    if (this.#children.length <= FEW_CHILDREN) return this.#children.find((child) => child.#name === name);
    const rare = this.#makeRare();
    rare.index ??= new Map(this.#children.map((child) => [child.#name, child]));
    return rare.index.get(name);
  }

  #depth(): number {
    let depth = 1;
    for (let node = this.#parent; node !== undefined; node = node.#parent) depth++;
    return depth;
  }

  #height(): number {
    return this.#children.reduce((height, child) => Math.max(height, child.#height() + 1), 1);
  }

  #reportProperty(name: string, before: Property | undefined, after: Property | undefined): void {
    this.#report({ type: 'property-changed', node: this, path: this.path, name, before, after });
  }

  #report(change: TreeChange): void {
    this.root.#rare?.owner?.changed(change);
  }

  #refuse(what: string, reason: 'bad-edit' | 'limit' = 'bad-edit'): DeviceTreeError {
    return new DeviceTreeError(reason, what, { path: this.path });
  }
}

/** Up to this many children are looked through one by one. */
const FEW_CHILDREN = 32;

const none: readonly never[] = Object.freeze([]);
