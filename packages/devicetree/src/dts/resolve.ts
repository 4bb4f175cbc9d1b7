import { DeviceTreeError, type DeviceTreeReason } from '../error.js';
import { isNodeName, isPropertyName } from '../names.js';
import type { Marker } from '../property.js';
import type { SourcePoint } from './source.js';
import { sourceError } from './source.js';
import { resolveReference, type SourceNode, type SourceProperty } from './source-tree.js';

/** What compiling needs to know of the source. */
export interface ResolveOptions {
  readonly plugin: boolean;
  readonly symbols: boolean;
}

/** References of a whole tree: who is meant, and which phandle it has or gets. */
export class References {
  readonly #root: SourceNode;
  readonly #labels: ReadonlyMap<string, SourceNode>;
  readonly #phandles = new Map<number, SourceNode>();
  #next = 1;

  constructor(root: SourceNode, labels: ReadonlyMap<string, SourceNode>) {
    this.#root = root;
    this.#labels = labels;
  }

  find(reference: string): SourceNode | undefined {
    return resolveReference(this.#root, reference, (label) => this.#labels.get(label));
  }

  /** Takes note of a phandle the source gives; the node that has it already, if another does. */
  claim(node: SourceNode, phandle: number): SourceNode | undefined {
    const other = this.#phandles.get(phandle);
    if (other !== undefined) return other;
    this.#phandles.set(phandle, node);
    node.phandle = phandle;
    return undefined;
  }

  /** The node's phandle, or the next one that is free, which the node gets as its last property. */
  phandleOf(node: SourceNode): number {
    if (node.phandle !== 0) return node.phandle;
    while (this.#phandles.has(this.#next)) this.#next++;
    this.claim(node, this.#next);
    if (node.property('phandle') === undefined) {
      const bytes = cell(node.phandle);
      node.addProperty('phandle', { bytes, markers: [{ kind: 'uint32', offset: 0 }] });
    }
    return node.phandle;
  }
}

/**
 * Checks a tree as dtc does before it writes it, gives phandles, fills references in, and leaves out what
 * `/omit-if-no-ref/` marks and nothing refers to.
 */
export function resolveSource(root: SourceNode, { plugin, symbols }: ResolveOptions): References {
  const nodes = [...root.walk()];
  for (const node of nodes) checkNames(node, node === root);
  for (const node of nodes) checkNameProperty(node);
  const references = new References(root, collectLabels(nodes));
  for (const node of nodes) claimPhandle(node, references);
  for (const node of nodes) fillPhandles(node, references, plugin);
  for (const node of nodes) fillPaths(node, references);
  for (const node of nodes) {
    const named = symbols && node.labels.length > 0;
    if (node.omitIfUnused && !node.referenced && !node.deleted && !named) node.delete();
  }
  return references;
}

function checkNames(node: SourceNode, isRoot: boolean): void {
  if (!isRoot && !isNodeName(node.name)) throw refuse('bad-name', `'${node.name}' cannot be a node's name`, node);
  const properties = new Set<string>();
  for (const property of node.properties) {
    if (property.deleted) continue;
    if (!isPropertyName(property.name))
      throw refuse('bad-name', `'${property.name}' cannot be a property's name`, node, property);
    if (properties.has(property.name)) {
      throw refuse(
        'duplicate-name',
        `property '${property.name}' is there twice in one pair of braces`,
        node,
        property,
      );
    }
    properties.add(property.name);
  }
  const children = new Set<string>();
  for (const child of node.children) {
    if (children.has(child.name)) {
      throw refuse('duplicate-name', `node '${child.name}' is there twice in one pair of braces`, child);
    }
    if (!child.deleted) children.add(child.name);
  }
}

/** `name` is what the node is called anyway (DTSpec 0.4, 2.3.11): it goes away, and must not differ. */
function checkNameProperty(node: SourceNode): void {
  const property = node.property('name');
  if (property === undefined) return;
  const { bytes } = property.value;
  const base = node.name.split('@')[0] as string;
  if (bytes.length !== base.length + 1 || new TextDecoder().decode(bytes) !== `${base}\0`) {
    throw refuse('bad-value', `property 'name' differs from the node's name '${base}'; leave it out`, node, property);
  }
  node.properties = node.properties.filter((candidate) => candidate !== property);
}

function collectLabels(nodes: readonly SourceNode[]): ReadonlyMap<string, SourceNode> {
  const owners = new Set<string>();
  const labels = new Map<string, SourceNode>();
  const own = (label: string, node: SourceNode, property?: SourceProperty): void => {
    if (owners.has(label)) throw refuse('duplicate-label', `label '${label}' is given twice`, node, property);
    owners.add(label);
  };
  for (const node of nodes) {
    for (const label of node.labels) {
      if (label.deleted) continue;
      own(label.name, node);
      labels.set(label.name, node);
    }
  }
  for (const node of nodes) {
    for (const property of node.properties) {
      if (property.deleted) continue;
      for (const label of property.labels) if (!label.deleted) own(label.name, node, property);
      for (const marker of property.value.markers)
        if (marker.kind === 'label') own(marker.name as string, node, property);
    }
  }
  return labels;
}

function claimPhandle(node: SourceNode, references: References): void {
  const values: number[] = [];
  for (const name of ['phandle', 'linux,phandle']) {
    const property = node.property(name);
    if (property === undefined) continue;
    const { bytes, markers } = property.value;
    if (bytes.length !== 4)
      throw refuse('bad-phandle', `'${name}' has ${bytes.length} bytes instead of one cell`, node, property);
    const reference = markers.find((marker) => marker.kind === 'phandle');
    if (reference !== undefined) {
      if (references.find(reference.name as string) === node) continue;
      throw refuse(
        'bad-phandle',
        `'${name}' refers to another node; a node can only refer to itself here`,
        node,
        property,
      );
    }
    const phandle = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (phandle === 0 || phandle === 0xffff_ffff)
      throw refuse('bad-phandle', `'${name}' cannot be 0 or -1`, node, property);
    values.push(phandle);
  }
  const [phandle, legacy] = values;
  if (phandle === undefined) return;
  if (legacy !== undefined && legacy !== phandle)
    throw refuse('bad-phandle', "'phandle' and 'linux,phandle' differ", node);
  const other = references.claim(node, phandle);
  if (other !== undefined)
    throw refuse('bad-phandle', `phandle 0x${phandle.toString(16)} is ${other.path}'s already`, node);
}

function fillPhandles(node: SourceNode, references: References, plugin: boolean): void {
  for (const property of node.properties) {
    if (property.deleted) continue;
    for (const marker of property.value.markers) {
      if (marker.kind !== 'phandle') continue;
      const reference = marker.name as string;
      const target = references.find(reference);
      if (target === undefined) {
        if (plugin && !reference.includes('/')) continue;
        throw refuse('unknown-reference', `there is no node '${reference}'`, node, property);
      }
      property.value.bytes.set(cell(references.phandleOf(target)), marker.offset);
      target.referenced = true;
    }
  }
}

function fillPaths(node: SourceNode, references: References): void {
  for (const property of node.properties) {
    if (property.deleted || !property.value.markers.some((marker) => marker.kind === 'path')) continue;
    const { bytes, markers } = property.value;
    const parts: Uint8Array[] = [];
    const moved: Marker[] = [];
    let taken = 0;
    let inserted = 0;
    for (const marker of markers) {
      moved.push({ ...marker, offset: marker.offset + inserted });
      if (marker.kind !== 'path') continue;
      const target = references.find(marker.name as string);
      if (target === undefined) throw refuse('unknown-reference', `there is no node '${marker.name}'`, node, property);
      target.referenced = true;
      const path = new TextEncoder().encode(`${target.path}\0`);
      parts.push(bytes.subarray(taken, marker.offset), path);
      taken = marker.offset;
      inserted += path.length;
    }
    parts.push(bytes.subarray(taken));
    const whole = new Uint8Array(bytes.length + inserted);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    property.value = { bytes: whole, markers: moved };
  }
}

/** A big-endian cell. */
export function cell(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function refuse(reason: DeviceTreeReason, what: string, node: SourceNode, property?: SourceProperty): DeviceTreeError {
  const point: SourcePoint | undefined = property?.point ?? node.point;
  const named = `${node.path}: ${what}`;
  return point === undefined
    ? new DeviceTreeError(reason, what, { path: node.path })
    : sourceError(reason, named, point);
}
