import { type DeviceTree, readDtb } from '@trapline/devicetree/dtb';
import type { Io } from '../io.js';
import { readInput } from '../read-input.js';
import type { TreeFile } from './find-trees.js';

const SOURCE_FILE = /\.(?:dts|dtsi|dtso)$/;

/** First byte of a blob (0xd00dfeed); no text begins with it. */
const FDT_MAGIC = 0xd0;

/**
 * Reads a tree, whatever form it has: a blob, DTS source (known by its name or by beginning like text), or unpacked.
 * The readers of the latter two are loaded when they are needed: most trees are blobs.
 *
 * Throws what the readers throw: `DeviceTreeError`, or Node's error for a file that cannot be read.
 */
export async function readTree({ file, kind }: TreeFile, io: Pick<Io, 'stdin'>): Promise<DeviceTree> {
  if (kind === 'unpacked') {
    const { readUnpacked } = await import('./unpacked.js');
    return readUnpacked(file);
  }
  const content = kind === 'stdin' ? io.stdin() : readInput(file);
  if (SOURCE_FILE.test(file) || looksLikeSource(content)) {
    const { readSource } = await import('./read-source.js');
    return readSource(new TextDecoder().decode(content), file);
  }
  return readDtb(content);
}

/** Whether bytes that carry no name are DTS: `/dts-v1/;`, a comment or space come first. */
function looksLikeSource(content: Uint8Array): boolean {
  if (content[0] === FDT_MAGIC) return false;
  return /^\s*(?:\/dts-v1\/|\/\*|\/\/|\/plugin\/)/.test(String.fromCharCode(...content.subarray(0, 256)));
}
