import { DeviceTreeError } from './error.js';
import { MAX_CELLS } from './limits.js';
import type { DeviceTreeNode } from './node.js';
import type { Property } from './property.js';

/** One entry of a list such as `clocks` or `mboxes`. */
export interface PhandleReference {
  /** The node meant; `undefined` for an entry left out by a phandle of 0. */
  readonly node: DeviceTreeNode | undefined;
  readonly args: readonly number[];
}

/**
 * Reads a property as a list of phandles, each followed by as many cells as the node it names says in `cellsName`.
 *
 * Without `cellsName` every cell is a phandle. Absent properties read as an empty list.
 *
 * Throws `bad-phandle` for a phandle that no node has, and `bad-value` for a list that is cut off, or a node without
 * a usable `cellsName`.
 */
export function references(node: DeviceTreeNode, name: string, cellsName?: string): PhandleReference[] {
  const property = node.property(name);
  if (property === undefined) return [];
  const cells = node.cells(name) as number[];
  const list: PhandleReference[] = [];
  for (let at = 0; at < cells.length; ) {
    const phandle = cells[at++] as number;
    if (phandle === 0) {
      list.push({ node: undefined, args: [] });
      continue;
    }
    const target = referenced(node, property, phandle);
    const count = cellsName === undefined ? 0 : cellCount(target, cellsName);
    if (at + count > cells.length) {
      throw badValue(node, name, `entry ${list.length} needs ${count} cells after phandle 0x${phandle.toString(16)}`);
    }
    list.push({ node: target, args: cells.slice(at, at + count) });
    at += count;
  }
  return list;
}

/** The node a phandle inside a property means; throws `bad-phandle` where there is none. */
export function referenced(node: DeviceTreeNode, property: Property, phandle: number): DeviceTreeNode {
  const target = node.byPhandle(phandle);
  if (target !== undefined) return target;
  const what = `no node has phandle 0x${phandle.toString(16)}; add the node or correct the reference`;
  throw new DeviceTreeError('bad-phandle', what, { path: node.path, property: property.name });
}

/**
 * The value of a `#…-cells` property of a node, `fallback` where it is absent.
 *
 * Throws `bad-value` for one that is absent without `fallback`, no cell, or above {@link MAX_CELLS}.
 */
export function cellCount(node: DeviceTreeNode, name: string, fallback?: number): number {
  const count = node.u32(name) ?? fallback;
  if (count === undefined) throw badValue(node, name, 'is missing, so references to this node cannot be read');
  if (count > MAX_CELLS) throw badValue(node, name, `is ${count}; at most ${MAX_CELLS} cells are followed`);
  return count;
}

/** A value that cannot be what it should be. */
export function badValue(node: DeviceTreeNode, property: string, what: string): DeviceTreeError {
  return new DeviceTreeError('bad-value', what, { path: node.path, property });
}
