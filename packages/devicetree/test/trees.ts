import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';

const fixtures = new URL('fixtures/', import.meta.url).pathname;

/** A bundled tree that QEMU, Xen or TF-A wrote. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(fixtures, name)));
}

/** All bundled trees, and those of the folder that `TRAPLINE_DTBS` names. */
export function allTrees(): { name: string; blob: Uint8Array }[] {
  const folders = [fixtures, ...(process.env.TRAPLINE_DTBS ? [process.env.TRAPLINE_DTBS] : [])];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.dtb'))
      .map((name) => ({ name, blob: new Uint8Array(readFileSync(join(folder, name))) })),
  );
}

/** The contents of a tree, where the order of properties and of nodes does not count. */
export function contents(node: DeviceTreeNode): unknown {
  return {
    properties: Object.fromEntries(
      node.properties.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')] as const).toSorted(byKey),
    ),
    children: Object.fromEntries(node.children.map((child) => [child.name, contents(child)] as const).toSorted(byKey)),
  };
}

/** The contents of a tree in their order. */
export function inOrder(tree: DeviceTree): unknown {
  const each = (node: DeviceTreeNode): unknown => ({
    name: node.name,
    properties: node.properties.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]),
    children: node.children.map(each),
  });
  return { reservations: tree.reservations.map(({ address, size }) => ({ address, size })), root: each(tree.root) };
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
