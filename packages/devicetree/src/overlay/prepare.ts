import type { DeviceTreeNode } from '../node.js';
import type { DeviceTree } from '../tree.js';
import { readExternalFixups, readLocalFixups, readPlaceCell, refuse, writePlaceCell } from './fixups.js';

/** A fragment of an overlay whose phandles already are the base's. */
export interface Fragment {
  readonly node: DeviceTreeNode;
  readonly contents: DeviceTreeNode;
}

/** An overlay made ready for one base. */
export interface PreparedOverlay {
  readonly root: DeviceTreeNode;
  readonly fragments: readonly Fragment[];
}

/**
 * Makes a copy of an overlay whose phandles fit a base: its own come after all of the base's, and its references to
 * the base's symbols are filled in. A node that the base has already, with a phandle, keeps that one, as libfdt since
 * 1.7.1 does it (1.6.1 overwrites it, and the base's references then lead nowhere).
 */
export function prepareOverlay(base: DeviceTree, overlay: DeviceTree): PreparedOverlay {
  const root = overlay.root.clone();
  const external = readExternalFixups(root);
  const local = readLocalFixups(root);
  for (const { symbol, places } of external) {
    const phandle = phandleOfSymbol(base, symbol, root);
    for (const place of places) writePlaceCell(place, phandle);
  }
  const fragments: Fragment[] = [];
  for (const node of root.children) {
    const contents = node.children.find((child) => child.name === '__overlay__');
    if (contents !== undefined) fragments.push({ node, contents });
  }
  const kept = keptPhandles(base, fragments);
  const shift = highestPhandle(base.root);
  const renumber = (phandle: number, node: DeviceTreeNode): number => {
    const result = kept.get(phandle) ?? phandle + shift;
    if (result >= 0xffff_ffff) throw refuse('bad-phandle', 'phandles run out; the base uses too high ones', node);
    return result;
  };
  for (const place of local) writePlaceCell(place, renumber(readPlaceCell(place), place.node));
  for (const node of root.walk()) {
    for (const name of ['phandle', 'linux,phandle']) {
      const property = node.property(name);
      if (property === undefined) continue;
      if (property.length !== 4)
        throw refuse('bad-phandle', `has ${property.length} bytes instead of one cell`, node, name);
      const place = { node, property: name, offset: 0 };
      writePlaceCell(place, renumber(readPlaceCell(place), node));
    }
  }
  return { root, fragments };
}

/**
 * The node of a base that a fragment changes: by `target`, else by `target-path`.
 *
 * Throws `overlay-target` where the fragment names none, or one that the base has not.
 */
export function targetOf(base: DeviceTree, { node }: Fragment): DeviceTreeNode {
  const target = findTarget(base, node);
  if (target !== undefined) return target;
  throw refuse(
    'overlay-target',
    'has no target in the base; check target, target-path and the base they are for',
    node,
  );
}

function findTarget(base: DeviceTree, fragment: DeviceTreeNode): DeviceTreeNode | undefined {
  const phandle = fragment.property('target');
  if (phandle !== undefined) return phandle.length === 4 ? base.byPhandle(phandle.u32()) : undefined;
  const path = fragment.property('target-path');
  const text = path?.isStrings ? path.strings()[0] : undefined;
  return text === undefined || text === '' ? undefined : base.node(text);
}

function phandleOfSymbol(base: DeviceTree, symbol: string, root: DeviceTreeNode): number {
  const node = base.byLabel(symbol);
  const where = root.child('__fixups__') ?? root;
  if (node === undefined) {
    throw refuse(
      'overlay-target',
      `the base has no symbol '${symbol}'; compile it with symbols (dtc -@)`,
      where,
      symbol,
    );
  }
  const { phandle } = node;
  if (phandle === undefined) {
    throw refuse(
      'overlay-target',
      `the base's ${node.path} has no phandle; compile it with symbols (dtc -@)`,
      where,
      symbol,
    );
  }
  return phandle;
}

function highestPhandle(root: DeviceTreeNode): number {
  let highest = 0;
  for (const { phandle } of root.walk()) if (phandle !== undefined && phandle > highest) highest = phandle;
  return highest;
}

/** Phandles of overlay nodes that lie on base nodes which have one: those stay. */
function keptPhandles(base: DeviceTree, fragments: readonly Fragment[]): ReadonlyMap<number, number> {
  const kept = new Map<number, number>();
  const compare = (mine: DeviceTreeNode, theirs: DeviceTreeNode): void => {
    if (mine.phandle !== undefined && theirs.phandle !== undefined) kept.set(mine.phandle, theirs.phandle);
    for (const child of mine.children) {
      const counterpart = theirs.child(child.name);
      if (counterpart !== undefined) compare(child, counterpart);
    }
  };
  for (const { node, contents } of fragments) {
    const target = findTarget(base, node);
    if (target !== undefined) compare(contents, target);
  }
  return kept;
}
