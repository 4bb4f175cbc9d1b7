import type { Permission } from './permissions.js';

/** The generation of a node that is not there. */
export const NO_GENERATION = -1;

/** Bytes of a record before its permissions (`xs_tdb_record_hdr`): part of what a node's size is compared with. */
const RECORD_HEADER_BYTES = 24;
/** Bytes of one permission in a record. */
const RECORD_PERMISSION_BYTES = 8;

/** A node as it is stored: never changed, replaced as a whole, so that transactions can hold on to one. */
export interface StoreNode {
  /** Unique for every change in the whole store: two readings with one number are of the same content. */
  readonly generation: number;
  /** At least one: the owner's. */
  readonly permissions: readonly Permission[];
  readonly data: Uint8Array;
  /** Leaf names, in order of creation. */
  readonly children: readonly string[];
}

/** Bytes of a list of children as DIRECTORY gives it: each name and a NUL. */
function childrenBytes(children: readonly string[]): number {
  let bytes = children.length;
  for (const child of children) bytes += child.length;
  return bytes;
}

/** Bytes of a node's record: what quotas count. */
export function recordBytes(node: StoreNode): number {
  return (
    RECORD_HEADER_BYTES +
    RECORD_PERMISSION_BYTES * node.permissions.length +
    node.data.length +
    childrenBytes(node.children)
  );
}
