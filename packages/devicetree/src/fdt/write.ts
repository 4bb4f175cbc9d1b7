import { DeviceTreeError } from '../error.js';
import { MAX_BLOB_SIZE } from '../limits.js';
import type { DeviceTreeNode } from '../node.js';
import type { DeviceTree } from '../tree.js';
import {
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_VERSION,
  HEADER,
  HEADER_SIZE_V17,
  RESERVATION_SIZE,
  TOKEN,
} from './format.js';
import { StringsBlock } from './strings-block.js';

/** How a blob is laid out. */
export interface DtbLayout {
  /** Write the blob anew even where the tree still is what was read. */
  readonly canonical?: boolean;
  /** Bytes of padding after the strings, as room for a boot loader's edits (dtc's `-p`). */
  readonly padding?: number;
  /** Least total size, reached by padding (dtc's `-S`). */
  readonly size?: number;
  /** Empty entries to add to the memory reservation block (dtc's `-R`). */
  readonly spareReservations?: number;
}

/**
 * Writes a tree as a blob of version 17.
 *
 * A tree that was read from a blob and not edited since comes out as that blob, byte for byte, unless `layout` asks
 * for something. Otherwise the layout is dtc's: header, reservations, structure, strings (in order of first use, tails
 * shared), padding.
 *
 * Throws `limit` where the blob would exceed {@link MAX_BLOB_SIZE}.
 */
export function writeDtb(tree: DeviceTree, layout: DtbLayout = {}): Uint8Array {
  const asRead = tree.image !== undefined && Object.keys(layout).length === 0;
  if (asRead) return (tree.image as Uint8Array).slice();
  const strings = new StringsBlock();
  const structSize = measure(tree.root, strings) + 4;
  const reservationCount = tree.reservations.length + 1 + (layout.spareReservations ?? 0);
  const structOffset = HEADER_SIZE_V17 + reservationCount * RESERVATION_SIZE;
  const stringsOffset = structOffset + structSize;
  const packed = stringsOffset + strings.size;
  const totalSize = Math.max(packed + (layout.padding ?? 0), layout.size ?? 0);
  if (totalSize > MAX_BLOB_SIZE)
    throw new DeviceTreeError('limit', `a blob of ${totalSize} bytes is above ${MAX_BLOB_SIZE}`);
  const bytes = new Uint8Array(totalSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER.magic, FDT_MAGIC);
  view.setUint32(HEADER.totalSize, totalSize);
  view.setUint32(HEADER.structOffset, structOffset);
  view.setUint32(HEADER.stringsOffset, stringsOffset);
  view.setUint32(HEADER.reservationsOffset, HEADER_SIZE_V17);
  view.setUint32(HEADER.version, FDT_VERSION);
  view.setUint32(HEADER.lastCompatibleVersion, FDT_LAST_COMPATIBLE_VERSION);
  view.setUint32(HEADER.bootCpu, tree.bootCpu);
  view.setUint32(HEADER.stringsSize, strings.size);
  view.setUint32(HEADER.structSize, structSize);
  for (const [i, { address, size }] of tree.reservations.entries()) {
    view.setBigUint64(HEADER_SIZE_V17 + i * RESERVATION_SIZE, address);
    view.setBigUint64(HEADER_SIZE_V17 + i * RESERVATION_SIZE + 8, size);
  }
  const end = writeNode(tree.root, bytes, view, structOffset, strings);
  view.setUint32(end, TOKEN.end);
  strings.copyTo(bytes, stringsOffset);
  return bytes;
}

function measure(node: DeviceTreeNode, strings: StringsBlock): number {
  let size = 4 + padded(node.name.length + 1) + 4;
  for (const property of node.properties) {
    strings.offsetOf(property.name);
    size += 12 + padded(property.length);
  }
  for (const child of node.children) size += measure(child, strings);
  return size;
}

function writeNode(
  node: DeviceTreeNode,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  strings: StringsBlock,
): number {
  let at = start;
  view.setUint32(at, TOKEN.beginNode);
  at += 4;
  for (let i = 0; i < node.name.length; i++) bytes[at + i] = node.name.charCodeAt(i);
  at += padded(node.name.length + 1);
  for (const property of node.properties) {
    view.setUint32(at, TOKEN.property);
    view.setUint32(at + 4, property.length);
    view.setUint32(at + 8, strings.offsetOf(property.name));
    property.copyTo(bytes, at + 12);
    at += 12 + padded(property.length);
  }
  for (const child of node.children) at = writeNode(child, bytes, view, at, strings);
  view.setUint32(at, TOKEN.endNode);
  return at + 4;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}
