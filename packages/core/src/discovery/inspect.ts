import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import type { ConduitKind } from '../abi/convention.js';
import { RESERVED_MEMORY } from './bindings.js';
import { checkNode } from './checks.js';
import { type ConduitOwner, type ConduitSource, hasCallMethod, methodConduit, resolveConduit } from './conduits.js';
import { type InspectedCpu, inspectCpus } from './cpus.js';
import { type Diagnostic, diagnostic, type TreeDiagnostic } from './diagnostics.js';
import { type DriverMatch, driverFor } from './match.js';
import { checkCompatible, compatibleOf, mayBeInterface, type Recognised, recognise } from './recognise.js';
import { checkStatus, isAvailable } from './status.js';

/** One node through which software calls upwards: what it is, how it is called and why so. */
export interface InspectedInterface {
  readonly node: DeviceTreeNode;
  readonly path: string;
  readonly compatible: readonly string[];
  /** Name of the interface; `unknown` where only `method` tells that calls are taken. */
  readonly interface: string;
  /** The ABI's version as `compatible` has it. */
  readonly version: string | null;
  readonly conduit: ConduitKind | null;
  readonly conduitSource: ConduitSource | null;
  /** Why the conduit is that one, in words. */
  readonly why: string;
  /** Name of the driver that binds to the node; null where none does. */
  readonly driver: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a tree says about the calls of the machine it describes. */
export interface TreeInspection {
  /** In the order of the tree. */
  readonly interfaces: readonly InspectedInterface[];
  readonly cpus: readonly InspectedCpu[];
  /** What is wrong beside the interfaces: CPUs, mostly. */
  readonly diagnostics: readonly TreeDiagnostic[];
}

/** What an inspection takes into account. */
export interface InspectOptions {
  /** The drivers to choose from, the first one first. */
  readonly drivers?: readonly DriverMatch[];
  /** Reads the machine instructions of ePAPR's nodes; without it their conduit stays unknown. */
  readonly readHcall?: (
    node: DeviceTreeNode,
    tree: DeviceTree,
  ) =>
    | { readonly conduit: ConduitKind | null; readonly why: string; readonly diagnostics: readonly Diagnostic[] }
    | undefined;
}

/**
 * Finds every node of a tree through which software calls firmware or a hypervisor, and says what, which version, by
 * which conduit and why, which driver binds, and what is wrong with it.
 *
 * Nodes are known by `compatible` ({@link BINDINGS}); any other node with `method` "hvc" or "smc" is `unknown`, except
 * under /reserved-memory. Nothing in a tree makes this throw: what cannot be read is a diagnostic.
 */
export function inspectTree(tree: DeviceTree, options: InspectOptions = {}): TreeInspection {
  const candidates: Candidate[] = [];
  collect(tree.root, false, candidates);
  const owners = { psci: ownerOf('psci', candidates), optee: ownerOf('optee', candidates) };
  const { readHcall } = options;
  const reader = readHcall && ((node: DeviceTreeNode) => readHcall(node, tree));
  const seen = new Map<string, string>();
  const interfaces = candidates.map(({ node, compatible, recognised }): InspectedInterface => {
    const { path } = node;
    const diagnostics: Diagnostic[] = [];
    const conduit = recognised
      ? resolveConduit(node, recognised.binding, recognised.version, owners, reader)
      : methodConduit(node);
    if (recognised === undefined) diagnostics.push(...checkUnknown(node));
    else {
      diagnostics.push(...checkCompatible(recognised, compatible), ...checkNode(node, path, recognised));
      if (recognised.binding.single) diagnostics.push(...checkSingle(recognised.binding.interface, path, seen));
    }
    diagnostics.push(...conduit.diagnostics, ...checkStatus(node));
    const usable = isAvailable(node) && !diagnostics.some(({ severity }) => severity === 'error');
    return {
      node,
      path,
      compatible,
      interface: recognised?.binding.interface ?? 'unknown',
      version: recognised?.version ?? null,
      conduit: conduit.conduit,
      conduitSource: conduit.source,
      why: conduit.why,
      driver: usable ? (driverFor(compatible, options.drivers ?? [])?.name ?? null) : null,
      diagnostics,
    };
  });
  const { cpus, diagnostics } = inspectCpus(tree, owners.psci !== undefined);
  return { interfaces, cpus, diagnostics };
}

interface Candidate {
  readonly node: DeviceTreeNode;
  readonly compatible: readonly string[];
  readonly recognised: Recognised | undefined;
}

function collect(node: DeviceTreeNode, reserved: boolean, into: Candidate[]): void {
  const property = node.property('compatible');
  const called = !reserved && hasCallMethod(node);
  if (called || (property !== undefined && mayBeInterface(property.bytes))) {
    const compatible = compatibleOf(node);
    const recognised = recognise(compatible);
    if (called || recognised !== undefined) into.push({ node, compatible, recognised });
  }
  for (const child of node.children) {
    collect(child, reserved || (node.parent === undefined && child.name === RESERVED_MEMORY), into);
  }
}

/** The first node of an interface that software can use: others take its conduit. */
function ownerOf(name: 'psci' | 'optee', candidates: readonly Candidate[]): ConduitOwner | undefined {
  for (const { node, recognised } of candidates) {
    if (recognised?.binding.interface !== name || !isAvailable(node)) continue;
    const { conduit } = methodConduit(node);
    if (conduit !== null) return { path: node.path, version: recognised.version, conduit };
  }
  return undefined;
}

function checkUnknown(node: DeviceTreeNode): Diagnostic[] {
  const property = node.property('compatible');
  if (property !== undefined && property.length > 0 && !property.isStrings) {
    return [
      diagnostic('compatible-malformed', 'compatible is no list of strings, so nothing says what is called here'),
    ];
  }
  return [diagnostic('unknown-interface', 'no known interface is compatible; only method says that calls are taken')];
}

function checkSingle(name: string, path: string, seen: Map<string, string>): Diagnostic[] {
  const first = seen.get(name);
  if (first === undefined) {
    seen.set(name, path);
    return [];
  }
  return [diagnostic('duplicate-interface', `${name} is already at ${first}, which software finds first`)];
}
