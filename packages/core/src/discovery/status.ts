import type { DeviceTreeNode } from '@trapline/devicetree';
import { type Diagnostic, diagnostic } from './diagnostics.js';

/** Whether a node is to be used: its `status` and those above it are okay. DTSpec 0.4, 2.3.4. */
export function isAvailable(node: DeviceTreeNode): boolean {
  for (let at: DeviceTreeNode | undefined = node; at !== undefined; at = at.parent) {
    if (statusOf(at) !== 'okay') return false;
  }
  return true;
}

/** What is notable about the status of a node and of those above it. */
export function checkStatus(node: DeviceTreeNode): Diagnostic[] {
  const status = statusOf(node);
  if (status === undefined)
    return [diagnostic('property-malformed', 'status is no string; the node counts as disabled')];
  if (status !== 'okay')
    return [diagnostic('status-not-okay', `status is "${status}": software leaves the node alone`)];
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (statusOf(at) !== 'okay') return [diagnostic('parent-not-okay', `${at.path} above it is not okay`)];
  }
  return [];
}

function statusOf(node: DeviceTreeNode): string | undefined {
  const property = node.property('status');
  if (property === undefined) return 'okay';
  const text = property.isStrings ? property.strings()[0] : undefined;
  return text === 'ok' ? 'okay' : text;
}
