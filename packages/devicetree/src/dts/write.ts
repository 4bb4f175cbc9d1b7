import type { DeviceTreeNode } from '../node.js';
import type { Property } from '../property.js';
import type { DeviceTree } from '../tree.js';
import { printValue } from './print-value.js';

/**
 * Prints a tree as DTS source that compiles, here and with dtc, to the same nodes, properties and bytes.
 *
 * Values read from source keep their types and labels; those from blobs are printed as strings, cells or bytes,
 * whichever dtc would guess. References are printed as the numbers they have become. The boot CPU is not part of DTS.
 */
export function writeDts(tree: DeviceTree): string {
  const lines: string[] = ['/dts-v1/;', ''];
  for (const { address, size, labels = [] } of tree.reservations) {
    lines.push(`${prefix(labels)}/memreserve/ 0x${address.toString(16)} 0x${size.toString(16)};`);
  }
  if (tree.reservations.length > 0) lines.push('');
  printNode(tree.root, '', lines);
  lines.push('');
  return lines.join('\n');
}

/** Prints one node with all below it, as it would stand in a source. */
export function printDts(node: DeviceTreeNode): string {
  const lines: string[] = [];
  printNode(node, '', lines);
  return lines.join('\n');
}

function printNode(node: DeviceTreeNode, indent: string, lines: string[]): void {
  lines.push(`${indent}${prefix(node.labels)}${node.name === '' ? '/' : node.name} {`);
  const deeper = `${indent}\t`;
  for (const property of node.properties) lines.push(deeper + printProperty(property));
  for (const [i, child] of node.children.entries()) {
    if (i > 0 || node.properties.length > 0) lines.push('');
    printNode(child, deeper, lines);
  }
  lines.push(`${indent}};`);
}

function printProperty(property: Property): string {
  const name = `${prefix(property.labels)}${property.name}`;
  return property.length === 0 && property.markers.length === 0 ? `${name};` : `${name}${printValue(property)};`;
}

function prefix(labels: readonly string[]): string {
  return labels.map((label) => `${label}: `).join('');
}
