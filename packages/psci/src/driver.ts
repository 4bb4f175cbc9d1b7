import {
  type BindContext,
  BindError,
  type Conduit,
  createClient,
  type Driver,
  Pending,
  RETURNED,
} from '@trapline/core';
import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import { abi } from './abi.js';
import { COMPATIBLE, LEGACY_PROPERTIES, type PsciNode, readPsciNode } from './binding.js';
import { LEGACY_NEGOTIATED, type Negotiated, negotiate, type PsciClient } from './negotiation.js';
import type { LegacyIds } from './profile.js';
import { status } from './status.js';
import { cpuIdleStates, powerDomains, psciCpus, type TreeIdleState, type TreePowerDomain } from './tree-idle-states.js';

/** A PSCI node with a driver: a typed function for every call, and what is known of the firmware behind them. */
export interface Psci extends PsciClient {
  readonly node: PsciNode;
  readonly conduit: Conduit;
  readonly negotiated: Negotiated;
  /** The idle states that a CPU's node names, by the CPU's place among those that PSCI starts. */
  idleStates(cpu: number): readonly TreeIdleState[];
  /** The power domains below the node. */
  powerDomains(): readonly TreePowerDomain[];
}

/**
 * Binds to PSCI nodes of every version.
 *
 * With `arm,psci` alone the function ids come from the tree; calls that it does not name give NOT_SUPPORTED without being
 * made. With a newer string the firmware's own version counts, asked as Linux asks.
 *
 * Throws {@link BindError} for a `method` that is missing or neither `smc` nor `hvc`; for `arm,psci` without `cpu_on` and
 * `cpu_off`; and for firmware that calls itself 0.1 behind a newer string.
 */
export const driver: Driver<Psci> = {
  name: 'psci',
  compatible: COMPATIBLE,
  needs: [],
  bind(context, node) {
    if (node === undefined) return undefined;
    const psci = readPsciNode(node);
    const conduit = context.conduit(methodOf(psci));
    return isLegacy(psci) ? bindLegacy(context, node, psci, conduit) : bindByVersion(context, node, psci, conduit);
  },
};

function methodOf(psci: PsciNode): 'smc' | 'hvc' {
  const { method, path } = psci;
  if (method === 'smc' || method === 'hvc') return method;
  throw new BindError(
    path,
    method === undefined
      ? 'no method property; write method = "smc" or "hvc"'
      : `method is "${method}"; write "smc" or "hvc"`,
  );
}

function isLegacy(psci: PsciNode): boolean {
  return psci.version === undefined || (psci.version.major === 0 && psci.version.minor < 2);
}

function bindByVersion(context: BindContext, node: DeviceTreeNode, psci: PsciNode, conduit: Conduit): Psci {
  const client = createClient(abi, conduit);
  const { major, minor } = client.version();
  if (major === 0 && minor < 2) {
    throw new BindError(psci.path, `${psci.compatible[0]} is there, but the firmware says version ${major}.${minor}`);
  }
  return join(context.tree, node, psci, conduit, client, negotiate(client, conduit));
}

function bindLegacy(context: BindContext, node: DeviceTreeNode, psci: PsciNode, conduit: Conduit): Psci {
  for (const name of ['cpuOn', 'cpuOff'] as const) {
    if (psci.legacyIds[name] === undefined) {
      throw new BindError(psci.path, `arm,psci needs ${LEGACY_PROPERTIES[name]}; write its function id`);
    }
  }
  return join(context.tree, node, psci, conduit, legacyClient(conduit, psci.legacyIds), LEGACY_NEGOTIATED);
}

/** A client that makes the calls which have an id; the others answer here, as firmware that lacks them would. */
function legacyClient(conduit: Conduit, ids: LegacyIds): PsciClient {
  const own: PropertyDescriptorMap = {};
  for (const { name, spec } of abi.all) {
    if (ids[name as keyof LegacyIds] !== undefined) continue;
    const value = spec.waits ? () => new Pending(RETURNED, () => status.NOT_SUPPORTED) : () => status.NOT_SUPPORTED;
    own[name] = { value, enumerable: true };
  }
  own[abi.calls.version.name] = { value: () => LEGACY_NEGOTIATED.version, enumerable: true };
  return Object.create(createClient(abi, conduit, { ids }), own);
}

function join(
  tree: DeviceTree,
  node: DeviceTreeNode,
  psci: PsciNode,
  conduit: Conduit,
  client: PsciClient,
  negotiated: Negotiated,
): Psci {
  const format = negotiated.powerStateFormat ?? 'original';
  // The calls are inherited, as from a class: copied by the dozen they would make a dictionary, and slow calls.
  const calls: PsciClient = Object.create(client);
  const more = {
    node: psci,
    conduit,
    negotiated,
    idleStates: (cpu: number) => {
      const cpuNode = psciCpus(tree)[cpu];
      return cpuNode === undefined ? [] : cpuIdleStates(cpuNode, format);
    },
    powerDomains: () => powerDomains(node, format),
  };
  return Object.freeze(Object.assign(calls, more));
}
