import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeviceTree,
  DeviceTreeError,
  DeviceTreeNode,
  MAX_BLOB_SIZE,
  MAX_DEPTH,
  MAX_NODES,
  Property,
} from '@trapline/devicetree';
import { readInput } from '../read-input.js';

/**
 * Reads a tree that is spread over a directory: directories are nodes, files are properties. So the kernel shows its
 * tree at /proc/device-tree, and so `dtc -I fs` reads it. Children come in the order of their names.
 *
 * The file `name`, which the kernel makes up, is left out. Throws `DeviceTreeError` for names that cannot be a node's
 * or a property's, and `limit` beyond the limits that blobs have.
 */
export function readUnpacked(directory: string): DeviceTree {
  const budget = { nodes: 0, bytes: 0 };
  const root = readNode(directory, '', 1, budget);
  return new DeviceTree({ root });
}

interface Budget {
  nodes: number;
  bytes: number;
}

function readNode(directory: string, name: string, depth: number, budget: Budget): DeviceTreeNode {
  if (depth > MAX_DEPTH) throw new DeviceTreeError('limit', `${directory}: nodes nest deeper than ${MAX_DEPTH}`);
  if (++budget.nodes > MAX_NODES) throw new DeviceTreeError('limit', `there are more than ${MAX_NODES} nodes`);
  const node = new DeviceTreeNode(name);
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) if (isProperty(entry)) node.put(readProperty(directory, entry.name, budget));
  for (const entry of entries) {
    if (entry.isDirectory()) node.attach(readNode(join(directory, entry.name), entry.name, depth + 1, budget));
  }
  return node;
}

function isProperty(entry: Dirent): boolean {
  return entry.isFile() && entry.name !== 'name';
}

function readProperty(directory: string, name: string, budget: Budget): Property {
  const value = readInput(join(directory, name));
  budget.bytes += value.length;
  if (budget.bytes > MAX_BLOB_SIZE) {
    throw new DeviceTreeError('limit', `the properties come to more than ${MAX_BLOB_SIZE} bytes`);
  }
  return new Property(name, value);
}
