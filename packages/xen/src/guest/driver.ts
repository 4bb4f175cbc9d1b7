import { type BindContext, BindError, CallFault, type Conduit, type Driver, isStatus } from '@trapline/core';
import { type DeviceTree, type DeviceTreeNode, reg } from '@trapline/devicetree';
import { COMPATIBLE, compareVersions, readXenNode, type XenNode } from '../binding.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { xenCalls } from './calls.js';
import { Gate } from './gate.js';
import { XenGuest } from './guest.js';
import type { ScratchArea } from './guest-memory.js';
import { featuresFrom, NEWEST_VERSION, negotiate, versionFrom } from './negotiation.js';
import { OperandArea, PagePool } from './operand-area.js';
import type { GuestCounter } from './time.js';

/** Choices of a guest about its driver. */
export interface XenDriverOptions {
  /** RAM that the driver may use; the last {@link SCRATCH_BYTES} of the first memory that the tree names, where absent. */
  readonly scratch?: ScratchArea;
  /** The guest's counter, for time; one that stands still where absent. */
  readonly counter?: GuestCounter;
}

/** RAM that a driver takes where nobody says. */
export const SCRATCH_BYTES = 0x10_0000;

/**
 * A driver that binds to the hypervisor node of every version of Xen on ARM, and asks the version that answers.
 *
 * Gives undefined where no Xen answers. Throws {@link BindError} for a Xen that is too old, a `method` of a later version
 * that is neither `hvc` nor `smc`, and where there is no memory for the operands of its calls.
 */
export function xenDriver(options: XenDriverOptions = {}): Driver<XenGuest> {
  return {
    name: 'xen',
    compatible: COMPATIBLE,
    needs: [],
    bind: (context, node) => {
      if (node === undefined) return undefined;
      const xen = readXenNode(node);
      try {
        return bound(context, xen, context.conduit(methodOf(xen)), options);
      } catch (error) {
        if (error instanceof CallFault) return undefined;
        throw error;
      }
    },
  };
}

/** The driver as it is without choices. */
export const driver: Driver<XenGuest> = xenDriver();

/** HVC, as the ABI says; a version that is not known here may say otherwise. */
function methodOf({ method, version, path }: XenNode): 'hvc' | 'smc' {
  const known = version !== undefined && compareVersions(version, NEWEST_VERSION) <= 0;
  if (known || method === undefined || method === 'hvc') return 'hvc';
  if (method === 'smc') return method;
  throw new BindError(path, `method is "${method}"; write "hvc" or "smc", or leave it out`);
}

const STILL: GuestCounter = { counter: () => 0n, frequency: 1 };

function bound(context: BindContext, node: XenNode, conduit: Conduit, options: XenDriverOptions): XenGuest | undefined {
  const { memory } = context;
  if (memory === undefined)
    throw new BindError(node.path, 'hypercalls take operands in memory, and the guest has none');
  const scratch = options.scratch ?? scratchOf(context.tree);
  if (scratch === undefined) {
    throw new BindError(
      node.path,
      "the tree names no memory for the operands of hypercalls; give the driver a 'scratch'",
    );
  }
  const gate = new Gate(conduit, new OperandArea(memory, scratch));
  const { version } = xenCalls(gate);
  const answered = version.version();
  if (isStatus(answered)) return undefined;
  const negotiated = negotiate(node, versionFrom(answered));
  return new XenGuest({
    node,
    gate,
    memory,
    pages: new PagePool(memory, scratch),
    vcpus: cpusOf(context.tree),
    counter: options.counter ?? STILL,
    negotiated,
    features: featuresFrom(version.getFeatures({ submapIdx: 0 })),
  });
}

/** The end of the first memory that the tree names. */
function scratchOf(tree: DeviceTree): ScratchArea | undefined {
  const memory = tree.root.children.find((node) => isOfType(node, 'memory'));
  const [first] = memory === undefined ? [] : reg(memory);
  if (first === undefined || first.size < BigInt(SCRATCH_BYTES)) return undefined;
  const end = Math.floor(Number(first.address + first.size) / PAGE_BYTES) * PAGE_BYTES;
  return { base: end - SCRATCH_BYTES, size: SCRATCH_BYTES };
}

function cpusOf(tree: DeviceTree): number {
  const cpus = tree.node('/cpus')?.children.filter((node) => isOfType(node, 'cpu')) ?? [];
  return Math.max(1, cpus.length);
}

function isOfType(node: DeviceTreeNode, type: string): boolean {
  const property = node.property('device_type');
  return property?.isStrings === true && property.strings()[0] === type;
}
