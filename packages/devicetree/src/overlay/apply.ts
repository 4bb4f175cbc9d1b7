import { DeviceTreeError } from '../error.js';
import { DeviceTreeNode } from '../node.js';
import { Property } from '../property.js';
import { DeviceTree } from '../tree.js';
import { refuse } from './fixups.js';
import { type PreparedOverlay, prepareOverlay, targetOf } from './prepare.js';

/** An overlay that is part of a tree until it is removed. */
export interface AppliedOverlay {
  /** Nodes that the overlay added, topmost ones only. */
  readonly added: readonly DeviceTreeNode[];
  /**
   * Takes the overlay out: what it added goes, what it changed is as before. A second call does nothing.
   *
   * Throws `overlay-order`, and changes nothing, where something changed or was added on top of it since.
   */
  remove(): void;
}

/**
 * Applies an overlay (from `.dtbo` or `/plugin/` source) to a live tree as fdtoverlay does; observers of the tree hear
 * of every node and property. The overlay itself stays as it is.
 *
 * All or nothing. Throws {@link DeviceTreeError}: `bad-overlay` for a broken `__fixups__`, `__local_fixups__` or
 * `__symbols__`, or no fragment; `overlay-target` for a symbol or target that the base has not; `bad-phandle`; `limit`.
 */
export function applyOverlay(tree: DeviceTree, overlay: DeviceTree): AppliedOverlay {
  const prepared = prepareOverlay(tree, overlay);
  if (prepared.fragments.length === 0) {
    throw refuse('bad-overlay', 'has no fragment with an __overlay__ node; is it an overlay?', prepared.root);
  }
  // What cannot be merged shows on a copy, so that nobody sees half an overlay.
  new Merge(new DeviceTree({ root: tree.root.clone() })).run(prepared);
  const merge = new Merge(tree);
  merge.run(prepared);
  return merge.applied();
}

interface PropertyEdit {
  readonly node: DeviceTreeNode;
  readonly before: Property | undefined;
  readonly after: Property;
}

class Merge {
  readonly #tree: DeviceTree;
  readonly #added: DeviceTreeNode[] = [];
  /** Nodes the overlay added with their children at the time. */
  readonly #mine = new Set<DeviceTreeNode>();
  readonly #edits: PropertyEdit[] = [];
  #removed = false;

  constructor(tree: DeviceTree) {
    this.#tree = tree;
  }

  run(overlay: PreparedOverlay): void {
    for (const fragment of overlay.fragments) this.#mergeNode(targetOf(this.#tree, fragment), fragment.contents);
    this.#mergeSymbols(overlay);
  }

  applied(): AppliedOverlay {
    return { added: this.#added, remove: () => this.#remove() };
  }

  #mergeNode(target: DeviceTreeNode, source: DeviceTreeNode): void {
    for (const property of source.properties)
      this.#put(target, property.with({ markers: typesOf(property), labels: [] }));
    for (const child of source.children) {
      const existing = target.child(child.name);
      if (existing !== undefined) this.#mergeNode(existing, child);
      else this.#attach(target, this.#adopt(child));
    }
  }

  /** A copy of a subtree with the labels that the base does not use yet. */
  #adopt(source: DeviceTreeNode): DeviceTreeNode {
    const properties = source.properties.map((property) => property.with({ markers: typesOf(property), labels: [] }));
    const labels = source.labels.filter((label) => this.#tree.byLabel(label) === undefined);
    const children = source.children.map((child) => this.#adopt(child));
    return new DeviceTreeNode(source.name, properties, children, labels);
  }

  #attach(parent: DeviceTreeNode, node: DeviceTreeNode): void {
    parent.attach(node);
    if (!this.#mine.has(parent)) this.#added.push(node);
    for (const each of node.walk()) this.#mine.add(each);
  }

  #put(node: DeviceTreeNode, after: Property): void {
    if (!this.#mine.has(node)) this.#edits.push({ node, before: node.property(after.name), after });
    node.put(after);
  }

  /** The overlay's symbols become the base's: `/fragment@0/__overlay__/x` is `x` below the fragment's target. */
  #mergeSymbols({ root, fragments }: PreparedOverlay): void {
    const symbols = root.child('__symbols__');
    for (const symbol of symbols?.properties ?? []) {
      const path = symbol.isStrings ? (symbol.strings()[0] as string) : '';
      if (symbols !== undefined && !path.startsWith('/'))
        throw refuse('bad-overlay', 'is no path', symbols, symbol.name);
      const [name = '', contents = '', ...below] = path.slice(1).split('/');
      if (contents !== '__overlay__') continue;
      const fragment = fragments.find(({ node }) => node.name === name);
      if (fragment === undefined)
        throw refuse('bad-overlay', `names fragment '${name}', which is not there`, root, symbol.name);
      const target = targetOf(this.#tree, fragment).path;
      const whole = [target === '/' ? '' : target, ...below].join('/');
      const bytes = new TextEncoder().encode(`${whole === '' ? '/' : whole}\0`);
      this.#put(
        this.#symbolsNode(),
        new Property(symbol.name, bytes, 0, bytes.length, [{ kind: 'string', offset: 0 }]),
      );
    }
  }

  #symbolsNode(): DeviceTreeNode {
    const { root } = this.#tree;
    const existing = root.child('__symbols__');
    if (existing !== undefined) return existing;
    const node = new DeviceTreeNode('__symbols__');
    this.#attach(root, node);
    return node;
  }

  #remove(): void {
    if (this.#removed) return;
    this.#checkUntouched();
    this.#removed = true;
    for (const { node, before, after } of this.#edits.toReversed()) {
      if (before === undefined) node.delete(after.name);
      else node.put(before);
    }
    for (const node of this.#added.toReversed()) node.remove();
  }

  #checkUntouched(): void {
    const last = new Map<DeviceTreeNode, Map<string, Property>>();
    for (const { node, after } of this.#edits) {
      const edits = last.get(node) ?? new Map<string, Property>();
      last.set(node, edits.set(after.name, after));
    }
    for (const [node, edits] of last) {
      for (const [name, after] of edits) if (node.property(name) !== after) throw changedSince(node, name);
    }
    for (const top of this.#added) {
      if (top.root !== this.#tree.root) throw changedSince(top);
      for (const node of top.walk()) if (!this.#mine.has(node)) throw changedSince(node);
    }
  }
}

function changedSince(node: DeviceTreeNode, property?: string): DeviceTreeError {
  const what = 'was changed after the overlay was applied; undo that first (overlays go in reverse order)';
  return new DeviceTreeError('overlay-order', what, { path: node.path, property });
}

/** Notes about types stay true in another tree; labels and references would not. */
function typesOf(property: Property): Property['markers'] {
  return property.markers.filter(({ kind }) => kind !== 'label' && kind !== 'phandle' && kind !== 'path');
}
