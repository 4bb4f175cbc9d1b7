import { RestoreError, type Saved } from '@trapline/core';
import { type DeviceTree, DeviceTreeError, readDtb } from '@trapline/devicetree';
import type { StackGuest } from './guest.js';

/** The trees of all guests as hexadecimal blobs, by guest. */
export function savedTrees(guests: readonly StackGuest[]): Saved {
  return Object.fromEntries(guests.map((guest) => [guest.name, hexOf(guest.dtb())]));
}

/** Checks saved trees, and gives what puts in those that differ. Throws {@link RestoreError} for what are none. */
export function restoredTrees(guests: readonly StackGuest[], saved: Saved | undefined): readonly (() => void)[] {
  const trees = (saved ?? {}) as { readonly [guest: string]: Saved };
  return guests.flatMap((guest) => {
    const text = trees[guest.name];
    if (text === hexOf(guest.dtb())) return [];
    const wanted = treeOf(text, guest.name);
    return [() => replaceTree(guest.deviceTree, wanted)];
  });
}

function treeOf(text: Saved | undefined, guest: string): DeviceTree {
  if (typeof text !== 'string' || text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw new RestoreError(`trees.${guest}: expected a blob in hexadecimal digits`);
  }
  try {
    return readDtb(
      Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)),
    );
  } catch (error) {
    if (error instanceof DeviceTreeError) throw new RestoreError(`trees.${guest}: ${error.message}`);
    throw error;
  }
}

/** Makes a live tree say what another says, in place: whoever observes it hears of nodes that go and come. */
function replaceTree(tree: DeviceTree, wanted: DeviceTree): void {
  for (const child of [...tree.root.children]) child.remove();
  for (const { name } of [...tree.root.properties]) tree.root.delete(name);
  for (const property of wanted.root.properties) tree.root.put(property);
  for (const child of [...wanted.root.children]) {
    child.remove();
    tree.root.attach(child);
  }
  tree.reservations = wanted.reservations;
  tree.bootCpu = wanted.bootCpu;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
