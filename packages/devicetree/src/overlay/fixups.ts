import { DeviceTreeError, type DeviceTreeReason } from '../error.js';
import type { DeviceTreeNode } from '../node.js';
import type { Property } from '../property.js';

/** One cell of an overlay that holds a phandle. */
export interface FixupPlace {
  readonly node: DeviceTreeNode;
  readonly property: string;
  readonly offset: number;
}

/** A symbol of the base and the cells of the overlay that its phandle goes into. */
export interface ExternalFixup {
  readonly symbol: string;
  readonly places: readonly FixupPlace[];
}

/** `/__fixups__`: per symbol a list of `path:property:offset`. */
export function readExternalFixups(root: DeviceTreeNode): ExternalFixup[] {
  const node = root.child('__fixups__');
  if (node === undefined) return [];
  return node.properties.map((property) => {
    const list = property.isStrings ? property.strings() : [];
    if (list.length === 0) throw refuse('bad-overlay', 'is no list of path:property:offset', node, property.name);
    return { symbol: property.name, places: list.map((entry) => readPlace(root, node, property, entry)) };
  });
}

/** `/__local_fixups__`: a mirror of the overlay whose properties list offsets. */
export function readLocalFixups(root: DeviceTreeNode): FixupPlace[] {
  const mirror = root.child('__local_fixups__');
  const places: FixupPlace[] = [];
  if (mirror !== undefined) collectLocal(mirror, root, places);
  return places;
}

/** Reads the cell at a place. */
export function readPlaceCell({ node, property, offset }: FixupPlace): number {
  const { bytes } = node.property(property) as Property;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

/** Writes the cell at a place, leaving the value it was read from as it is. */
export function writePlaceCell({ node, property, offset }: FixupPlace, value: number): void {
  const before = node.property(property) as Property;
  const bytes = before.bytes.slice();
  new DataView(bytes.buffer).setUint32(offset, value);
  node.put(before.withBytes(bytes));
}

function readPlace(root: DeviceTreeNode, fixups: DeviceTreeNode, source: Property, entry: string): FixupPlace {
  const [path = '', property = '', digits = '', ...more] = entry.split(':');
  const offset = /^\d{1,10}$/.test(digits) ? Number(digits) : -1;
  if (more.length > 0 || property === '' || offset < 0 || !path.startsWith('/')) {
    throw refuse('bad-overlay', `'${entry}' is not path:property:offset`, fixups, source.name);
  }
  const node = find(root, path);
  if (node === undefined) throw refuse('bad-overlay', `names ${path}, which the overlay has not`, fixups, source.name);
  return checkPlace({ node, property, offset }, fixups, source.name);
}

function collectLocal(mirror: DeviceTreeNode, node: DeviceTreeNode, places: FixupPlace[]): void {
  for (const property of mirror.properties) {
    if (property.length % 4 !== 0) throw refuse('bad-overlay', 'is no list of offsets', mirror, property.name);
    for (const offset of property.cells()) {
      places.push(checkPlace({ node, property: property.name, offset }, mirror, property.name));
    }
  }
  for (const child of mirror.children) {
    const counterpart = node.children.find((candidate) => candidate.name === child.name);
    if (counterpart === undefined)
      throw refuse('bad-overlay', `mirrors a node '${child.name}' that the overlay has not`, mirror);
    collectLocal(child, counterpart, places);
  }
}

function checkPlace(place: FixupPlace, fixups: DeviceTreeNode, source: string): FixupPlace {
  const length = place.node.property(place.property)?.length;
  if (length === undefined || place.offset + 4 > length) {
    const what = `names ${place.node.path}:${place.property}:${place.offset}, where the overlay has no cell`;
    throw refuse('bad-overlay', what, fixups, source);
  }
  return place;
}

function find(root: DeviceTreeNode, path: string): DeviceTreeNode | undefined {
  let node: DeviceTreeNode | undefined = root;
  for (const name of path.split('/')) if (name !== '') node = node?.child(name);
  return node;
}

/** An overlay that cannot be applied; paths are the overlay's own. */
export function refuse(
  reason: DeviceTreeReason,
  what: string,
  node: DeviceTreeNode,
  property?: string,
): DeviceTreeError {
  return new DeviceTreeError(reason, what, { path: `overlay ${node.path}`, property });
}
