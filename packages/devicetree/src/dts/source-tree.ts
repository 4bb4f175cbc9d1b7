import type { Marker } from '../property.js';
import type { SourcePoint } from './source.js';

/** A value while it is compiled: references in it are markers, to be filled in when the whole tree is known. */
export interface SourceValue {
  bytes: Uint8Array;
  markers: Marker[];
}

/** A label, which deleting its node only hides: defining the node again brings it back to its place. */
export interface SourceLabel {
  readonly name: string;
  deleted: boolean;
}

/** A property while a source is compiled. A deleted one keeps its place, which a later definition takes again. */
export class SourceProperty {
  readonly name: string;
  readonly labels: SourceLabel[] = [];
  value: SourceValue;
  deleted: boolean;
  point: SourcePoint | undefined;

  constructor(name: string, value: SourceValue, point?: SourcePoint, deleted = false) {
    this.name = name;
    this.value = value;
    this.point = point;
    this.deleted = deleted;
  }

  delete(): void {
    this.deleted = true;
    hideLabels(this.labels);
  }
}

/**
 * A node while a source is compiled. As in dtc, deleting leaves the node in its place, invisible, so that a later
 * definition of the same name continues there; and within one pair of braces everything stays as written.
 */
export class SourceNode {
  name: string;
  parent: SourceNode | undefined;
  readonly labels: SourceLabel[] = [];
  properties: SourceProperty[] = [];
  children: SourceNode[] = [];
  deleted = false;
  omitIfUnused = false;
  referenced = false;
  phandle = 0;
  point: SourcePoint | undefined;

  constructor(name: string, point?: SourcePoint) {
    this.name = name;
    this.point = point;
  }

  get path(): string {
    if (this.parent === undefined) return '/';
    return this.parent.parent === undefined ? `/${this.name}` : `${this.parent.path}/${this.name}`;
  }

  /** The children that are not deleted. */
  get live(): SourceNode[] {
    return this.children.filter((child) => !child.deleted);
  }

  property(name: string): SourceProperty | undefined {
    return this.properties.find((property) => !property.deleted && property.name === name);
  }

  child(name: string): SourceNode | undefined {
    return this.children.find((child) => !child.deleted && child.name === name);
  }

  addProperty(name: string, value: SourceValue): void {
    this.properties.push(new SourceProperty(name, value));
  }

  addChild(child: SourceNode): void {
    child.parent = this;
    this.children.push(child);
  }

  /** Hides the node with all that is in it. */
  delete(): void {
    this.deleted = true;
    for (const child of this.children) child.delete();
    for (const property of this.properties) property.delete();
    hideLabels(this.labels);
  }

  /** Puts a later definition of this node over it. */
  merge(later: SourceNode): void {
    this.deleted = false;
    for (const label of later.labels) addLabel(this.labels, label.name);
    for (const property of later.properties) this.#mergeProperty(property);
    for (const child of later.children) this.#mergeChild(child);
  }

  /** This node and those below it that are not deleted, parents first. */
  *walk(): Generator<SourceNode, void> {
    yield this;
    for (const child of this.children) if (!child.deleted) yield* child.walk();
  }

  #mergeProperty(later: SourceProperty): void {
    const earlier = this.properties.find((property) => property.name === later.name);
    if (later.deleted) earlier?.delete();
    else if (earlier === undefined) this.properties.push(later);
    else {
      for (const label of later.labels) addLabel(earlier.labels, label.name);
      earlier.value = later.value;
      earlier.deleted = false;
      earlier.point = later.point;
    }
  }

  #mergeChild(later: SourceNode): void {
    const earlier = this.children.find((child) => child.name === later.name);
    if (later.deleted) earlier?.delete();
    else if (earlier === undefined) this.addChild(later);
    else earlier.merge(later);
  }
}

/** Puts a label before the others, or shows the hidden one of that name again. */
export function addLabel(labels: SourceLabel[], name: string): void {
  const known = labels.find((label) => label.name === name);
  if (known === undefined) labels.unshift({ name, deleted: false });
  else known.deleted = false;
}

/** The labels that are not hidden. */
export function liveLabels(labels: readonly SourceLabel[]): string[] {
  return labels.filter((label) => !label.deleted).map((label) => label.name);
}

function hideLabels(labels: readonly SourceLabel[]): void {
  for (const label of labels) label.deleted = true;
}

/** The node a reference means: `/path`, or a label, which a path may follow (`soc/uart@0`). */
export function resolveReference(
  root: SourceNode,
  reference: string,
  byLabel: (label: string) => SourceNode | undefined = (label) => searchLabel(root, label),
): SourceNode | undefined {
  const [head, ...below] = reference.split('/');
  let node: SourceNode | undefined = head === '' ? root : byLabel(head as string);
  for (const component of below) if (component !== '') node = node?.child(component);
  return node?.deleted ? undefined : node;
}

function searchLabel(root: SourceNode, label: string): SourceNode | undefined {
  for (const node of root.walk()) {
    for (const candidate of node.labels) if (candidate.name === label && !candidate.deleted) return node;
  }
  return undefined;
}
