import type { TreeDescription } from '@trapline/core';
import { cells, type DeviceTree, type DeviceTreeNode, strings } from '@trapline/devicetree';
import { hasDescription, type IdleState } from './idle-state.js';
import type { LegacyIds } from './profile.js';
import type { PsciVersion } from './values.js';

/**
 * The device tree binding of PSCI (Linux, Documentation/devicetree/bindings/arm/psci.yaml and cpu/idle-states.yaml):
 * read it, write it.
 */

/** Compatible strings a PSCI driver binds to; 1.1 and later are not in the binding and are found in trees all the same. */
export const COMPATIBLE: readonly string[] = ['arm,psci', 'arm,psci-0.2', 'arm,psci-1.*'];

/** Names of the 0.1 ids in the tree. */
export const LEGACY_PROPERTIES: Readonly<Record<keyof LegacyIds, string>> = {
  cpuSuspend: 'cpu_suspend',
  cpuOff: 'cpu_off',
  cpuOn: 'cpu_on',
  migrate: 'migrate',
};

/** A PSCI node as it stands: nothing is made up for what is missing. */
export interface PsciNode {
  readonly path: string;
  readonly compatible: readonly string[];
  /** The newest version that a compatible string names. */
  readonly version: PsciVersion | undefined;
  /** The `method` property as it stands. */
  readonly method: string | undefined;
  readonly legacyIds: LegacyIds;
}

/** Reads a node. Properties of the wrong size count as absent. */
export function readPsciNode(node: DeviceTreeNode): PsciNode {
  const ids = Object.entries(LEGACY_PROPERTIES).flatMap(([name, property]) => {
    const id = idOf(node, property);
    return id === undefined ? [] : [[name, id] as const];
  });
  return {
    path: node.path,
    compatible: node.compatible,
    version: versionOf(node.compatible),
    method: node.has('method') ? node.string('method') : undefined,
    legacyIds: Object.fromEntries(ids),
  };
}

/** The newest version that compatible strings name: `arm,psci` is 0.1. */
export function versionOf(compatible: readonly string[]): PsciVersion | undefined {
  let newest: PsciVersion | undefined;
  for (const name of compatible) {
    const match = /^arm,psci(?:-(\d{1,3})\.(\d{1,3}))?$/.exec(name);
    if (!match) continue;
    const found = { major: Number(match[1] ?? 0), minor: Number(match[2] ?? 1) };
    if (!newest || found.major > newest.major || (found.major === newest.major && found.minor > newest.minor)) {
      newest = found;
    }
  }
  return newest;
}

/** The compatible strings of a version, newest first: a driver for an older one binds too. */
export function compatibleOf(version: PsciVersion | undefined, legacyIds: LegacyIds | undefined): readonly string[] {
  const list: string[] = [];
  if (version !== undefined && version.major > 0) list.push('arm,psci-1.0');
  if (version !== undefined) list.push('arm,psci-0.2');
  if (legacyIds?.cpuOn !== undefined) list.push('arm,psci');
  return list;
}

/** What {@link writePsciNode} writes down. */
export interface PsciDescription {
  readonly version: PsciVersion | undefined;
  readonly legacyIds: LegacyIds | undefined;
  readonly idleStates: readonly IdleState[];
}

/** Writes `/psci`, the CPUs' `enable-method` and the idle states that have latencies. */
export function writePsciNode(tree: DeviceTree, psci: PsciDescription, description: TreeDescription): void {
  const node = tree.node('/psci') ?? tree.root.add('psci');
  node.set('compatible', strings(...compatibleOf(psci.version, psci.legacyIds)));
  node.set('method', description.conduit);
  for (const [name, property] of Object.entries(LEGACY_PROPERTIES)) {
    const id = psci.legacyIds?.[name as keyof LegacyIds];
    if (id !== undefined) node.set(property, cells(id >>> 0));
  }
  const states = writeIdleStates(tree, psci.idleStates.filter(hasDescription));
  for (const path of description.cpus) {
    const cpu = tree.require(path);
    cpu.set('enable-method', 'psci');
    if (states.length > 0) cpu.set('cpu-idle-states', states);
  }
}

function writeIdleStates(tree: DeviceTree, states: readonly IdleState[]): readonly DeviceTreeNode[] {
  const cpus = tree.node('/cpus');
  if (cpus === undefined || states.length === 0) return [];
  const parent = cpus.child('idle-states') ?? cpus.add('idle-states');
  parent.set('entry-method', 'psci');
  return states.map((state) => {
    const node = parent.child(state.name) ?? parent.add(state.name);
    node.set('compatible', 'arm,idle-state');
    node.set('arm,psci-suspend-param', cells(state.powerState >>> 0));
    node.set('entry-latency-us', cells(state.entryLatency ?? 0));
    node.set('exit-latency-us', cells(state.exitLatency ?? 0));
    node.set('min-residency-us', cells(state.minResidency ?? 0));
    return node;
  });
}

function idOf(node: DeviceTreeNode, property: string): number | undefined {
  const value = node.bytes(property);
  return value?.length === 4 ? node.u32(property) : undefined;
}
