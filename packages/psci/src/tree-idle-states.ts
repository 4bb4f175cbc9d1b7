import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import { decodePowerState, hasReservedBits, type PowerState, type PowerStateFormat } from './power-state.js';

/** An idle state as a device tree describes it (Linux, bindings/cpu/idle-states.yaml and power/domain-idle-state.yaml). */
export interface TreeIdleState {
  readonly path: string;
  readonly name: string;
  /** `arm,psci-suspend-param`. */
  readonly powerState: number;
  readonly decoded: PowerState;
  /** Microseconds; 0 where the tree does not say. */
  readonly entryLatency: number;
  readonly exitLatency: number;
  readonly minResidency: number;
  /** Whether the CPU's own timer stops: something else must wake it. */
  readonly localTimerStops: boolean;
}

/** A power domain that OS-initiated mode may put down (`power-domain-*` below the PSCI node). */
export interface TreePowerDomain {
  readonly path: string;
  /** Path of the enclosing domain. */
  readonly parent: string | undefined;
  readonly idleStates: readonly TreeIdleState[];
}

/** The idle states that a cpu node names, shallowest first; states that are disabled or not PSCI's are left out. */
export function cpuIdleStates(cpu: DeviceTreeNode, format: PowerStateFormat): readonly TreeIdleState[] {
  return statesOf(cpu, 'cpu-idle-states', format);
}

/** The power domains below a PSCI node. */
export function powerDomains(psci: DeviceTreeNode, format: PowerStateFormat): readonly TreePowerDomain[] {
  const domains: TreePowerDomain[] = [];
  const visit = (node: DeviceTreeNode): void => {
    for (const child of node.children) {
      if (!child.has('#power-domain-cells')) continue;
      domains.push({
        path: child.path,
        parent: parentDomain(child, psci)?.path,
        idleStates: statesOf(child, 'domain-idle-states', format),
      });
      visit(child);
    }
  };
  visit(psci);
  return domains;
}

/** The cpu nodes that PSCI starts, by the affinity fields in their `reg`. */
export function psciCpus(tree: DeviceTree): readonly DeviceTreeNode[] {
  const cpus = tree.node('/cpus');
  return (cpus?.children ?? []).filter(
    (node) => node.baseName === 'cpu' && node.strings('enable-method')?.[0] === 'psci',
  );
}

function parentDomain(domain: DeviceTreeNode, psci: DeviceTreeNode): DeviceTreeNode | undefined {
  const phandle = domain.cells('power-domains')?.[0];
  if (phandle !== undefined) return domain.byPhandle(phandle);
  return domain.parent === psci ? undefined : domain.parent;
}

function statesOf(node: DeviceTreeNode, property: string, format: PowerStateFormat): readonly TreeIdleState[] {
  const states: TreeIdleState[] = [];
  for (const phandle of node.cells(property) ?? []) {
    const state = node.byPhandle(phandle);
    const read = state && readState(state, format);
    if (read) states.push(read);
  }
  return states;
}

/** Undefined for a state that the firmware cannot take: Linux leaves it out too (psci_dt_parse_state_node). */
function readState(node: DeviceTreeNode, format: PowerStateFormat): TreeIdleState | undefined {
  const powerState = node.u32('arm,psci-suspend-param');
  if (powerState === undefined || node.status !== 'okay' || hasReservedBits(powerState, format)) return undefined;
  return {
    path: node.path,
    name: node.string('idle-state-name') ?? node.name,
    powerState,
    decoded: decodePowerState(powerState, format),
    entryLatency: node.u32('entry-latency-us') ?? 0,
    exitLatency: node.u32('exit-latency-us') ?? 0,
    minResidency: node.u32('min-residency-us') ?? 0,
    localTimerStops: node.has('local-timer-stop'),
  };
}
