import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import { type CallConduit, callWord, type InstructionSet, immediateLimit } from '@trapline/wrappers/decode';
import { COMPATIBLE, IMMEDIATE, INSTRUCTIONS, INSTRUCTIONS_OTHERWISE, readEpaprNode } from './binding.js';
import { decodeConduit, type ResolveOptions } from './resolve.js';

/** What became of one node: rewritten, or why not. */
export type Conversion =
  | { readonly path: string; readonly done: true; readonly conduit: CallConduit; readonly immediate: number }
  | { readonly path: string; readonly done: false; readonly why: string };

/**
 * Rewrites every ePAPR hypervisor node that holds machine instructions into the symbolic form: `method` (and
 * `trapline,immediate` where it is not 0) in place of the instructions. A node whose `method` is right already only loses
 * them. What cannot be read stays as it is. Edits the tree; gives one entry for each node with instructions.
 */
export function makeSymbolic(tree: DeviceTree, options: ResolveOptions = {}): readonly Conversion[] {
  return [...tree.root.walk()]
    .filter((node) => node.isCompatible(...COMPATIBLE))
    .flatMap((node) => makeNodeSymbolic(node, tree, options) ?? []);
}

function makeNodeSymbolic(node: DeviceTreeNode, tree: DeviceTree, options: ResolveOptions): Conversion | undefined {
  const { path } = node;
  const decoded = decodeConduit(node, tree, options);
  if (decoded === undefined) return undefined;
  const { method, immediate } = readEpaprNode(node);
  if (method === 'hvc' || method === 'smc') {
    removeInstructions(node);
    return { path, done: true, conduit: method, immediate };
  }
  if (decoded.conduit === null) return { path, done: false, why: decoded.diagnostics[0]?.message ?? decoded.why };
  node.set('method', decoded.conduit);
  node.set(IMMEDIATE, decoded.immediate === 0 ? undefined : decoded.immediate);
  removeInstructions(node);
  return { path, done: true, conduit: decoded.conduit, immediate: decoded.immediate };
}

function removeInstructions(node: DeviceTreeNode): void {
  node.delete(INSTRUCTIONS);
  node.delete(INSTRUCTIONS_OTHERWISE);
}

/**
 * The way back: the cells that ePAPR's `hcall-instructions` would hold for a symbolic conduit, for old software that
 * copies them. Undefined for an immediate that the instruction cannot hold (SMC has 4 bits in A32 and T32).
 */
export function hcallCells(set: InstructionSet, conduit: CallConduit, immediate = 0): readonly number[] | undefined {
  return immediate >= 0 && immediate <= immediateLimit(set, conduit) ? [callWord(set, conduit, immediate)] : undefined;
}
