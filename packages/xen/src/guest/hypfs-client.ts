import { xenAbi } from '../abi/hypercalls.js';
import {
  DIRLIST_NAME,
  HYPFS_READ,
  HYPFS_TYPES,
  xenHypfsDirentry,
  xenHypfsDirlistentry,
} from '../abi/structures/hypfs.js';
import type { Gate } from './gate.js';
import { MAX_OPERAND } from './operand-area.js';
import { errorOf, type XenError } from './operations.js';

const HYPFS_OP = xenAbi.calls.hypfsOp.id;

/** What an entry of hypfs holds. */
export type HypfsValue = string | number | boolean | Uint8Array | readonly string[];

/** Reads an entry of Xen's own file system of parameters: a directory gives the names in it. */
export function readHypfs(gate: Gate, path: string): HypfsValue | XenError {
  const { operands } = gate;
  const name = new TextEncoder().encode(`${path}\0`);
  operands.put(name);
  const result = gate.twoBuffers(HYPFS_OP, HYPFS_READ, name.length, MAX_OPERAND);
  if (result < 0) return errorOf(result);
  const page = new Uint8Array(MAX_OPERAND);
  operands.takeList(page);
  const { type, contentLen } = xenHypfsDirentry.decode(page);
  const content = page.subarray(xenHypfsDirentry.size, xenHypfsDirentry.size + contentLen);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  switch (type) {
    case HYPFS_TYPES.dir:
      return namesIn(content);
    case HYPFS_TYPES.string:
      return text(content);
    case HYPFS_TYPES.uint:
    case HYPFS_TYPES.int:
      return numberIn(view, type === HYPFS_TYPES.int);
    case HYPFS_TYPES.bool:
      return content[0] !== 0;
    default:
      return content.slice();
  }
}

function namesIn(content: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at + DIRLIST_NAME < content.length; ) {
    const { offNext } = xenHypfsDirlistentry.decode(content.subarray(at));
    names.push(text(content.subarray(at + DIRLIST_NAME)));
    if (offNext === 0) break;
    at += offNext;
  }
  return names;
}

function numberIn(view: DataView, signed: boolean): number {
  if (view.byteLength === 8) return Number(signed ? view.getBigInt64(0, true) : view.getBigUint64(0, true));
  if (view.byteLength === 4) return signed ? view.getInt32(0, true) : view.getUint32(0, true);
  return signed ? view.getInt8(0) : view.getUint8(0);
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
