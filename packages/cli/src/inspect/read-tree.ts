import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type DeviceTree, type DtsResolver, readDtb, readDts } from '@trapline/devicetree';
import type { Io } from '../io.js';
import type { TreeFile } from './find-trees.js';
import { readUnpacked } from './unpacked.js';

const SOURCE_FILE = /\.(?:dts|dtsi|dtso)$/;

/** First byte of a blob (0xd00dfeed); no text begins with it. */
const FDT_MAGIC = 0xd0;

/**
 * Reads a tree, whatever form it has: a blob, DTS source (known by its name or by beginning like text), or unpacked.
 *
 * Throws what the readers throw: `DeviceTreeError`, or Node's error for a file that cannot be read.
 */
export function readTree({ file, kind }: TreeFile, io: Pick<Io, 'stdin'>): DeviceTree {
  if (kind === 'unpacked') return readUnpacked(file);
  const content = kind === 'stdin' ? io.stdin() : readFileSync(file);
  if (SOURCE_FILE.test(file) || looksLikeSource(content)) {
    return readDts(new TextDecoder().decode(content), { file, resolver: includes });
  }
  return readDtb(content);
}

/** Whether bytes that carry no name are DTS: `/dts-v1/;`, a comment or space come first. */
function looksLikeSource(content: Uint8Array): boolean {
  return content[0] !== FDT_MAGIC && /^\s*(?:\/dts-v1\/|\/\*|\/\/|\/plugin\/)/.test(latin1(content.subarray(0, 256)));
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** `/include/` and `/incbin/` find their files beside the file that names them. */
const includes: DtsResolver = {
  text: (name, from) => readIfThere(name, from)?.toString('utf8'),
  bytes: readIfThere,
};

function readIfThere(name: string, from: string): Buffer | undefined {
  try {
    return readFileSync(resolve(dirname(from), name));
  } catch {
    return undefined;
  }
}
