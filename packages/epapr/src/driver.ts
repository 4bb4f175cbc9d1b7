import { BindError, type ClientOf, type Conduit, createClient, type Driver } from '@trapline/core';
import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import { abi } from './abi.js';
import { ChannelClient } from './channel-client.js';
import { COMPATIBLE, cellOf, type EpaprNode, readEpaprNode } from './node/binding.js';
import { decodeConduit } from './node/resolve.js';

/** A hypervisor node with a driver. */
export interface Epapr {
  readonly node: EpaprNode;
  readonly conduit: Conduit;
  readonly immediate: number;
  /** Whether the conduit was read from machine instructions, in place of `method`. */
  readonly decoded: boolean;
  readonly calls: ClientOf<typeof abi>;
  /** The byte channels that the tree names, by handle. */
  readonly byteChannels: ReadonlyMap<number, ChannelClient>;
}

/**
 * Binds to ePAPR's hypervisor node, by `method` or by what `hcall-instructions` reads as.
 *
 * Throws {@link BindError} where neither gives one conduit, with what to write.
 */
export const driver: Driver<Epapr> = {
  name: 'epapr',
  compatible: COMPATIBLE,
  needs: [],
  bind(context, node) {
    if (node === undefined) return undefined;
    const epapr = readEpaprNode(node);
    const { kind, immediate, decoded } = conduitOf(epapr, node, context.tree);
    const conduit = context.conduit(kind);
    const calls = createClient(abi, conduit, { immediate });
    const handles = [...context.tree.root.walk()]
      .filter((candidate) => candidate.isCompatible('epapr,hv-byte-channel'))
      .map((channel) => cellOf(channel, 'hv-handle'))
      .filter((handle) => handle !== undefined);
    const byteChannels = new Map(handles.map((handle) => [handle, new ChannelClient(calls, handle)]));
    return { node: epapr, conduit, immediate, decoded, calls, byteChannels };
  },
};

function conduitOf(
  epapr: EpaprNode,
  node: DeviceTreeNode,
  tree: DeviceTree,
): { readonly kind: 'hvc' | 'smc'; readonly immediate: number; readonly decoded: boolean } {
  const { method, immediate, path } = epapr;
  if (method === 'hvc' || method === 'smc') return { kind: method, immediate, decoded: false };
  if (node.has('method')) throw new BindError(path, 'method is neither "hvc" nor "smc"');
  const decoded = decodeConduit(node, tree);
  if (decoded === undefined) throw new BindError(path, 'no method property; write method = "hvc" or "smc"');
  if (decoded.conduit === null) throw new BindError(path, decoded.diagnostics[0]?.message ?? decoded.why);
  return { kind: decoded.conduit, immediate: decoded.immediate, decoded: true };
}
