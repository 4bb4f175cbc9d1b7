import {
  type Attachment,
  CompositionError,
  type ConduitKind,
  type InspectedInterface,
  type Level,
} from '@trapline/core';
import type { AttachedService } from '@trapline/trap-bus';

/** A service that serves a guest, and the instruction that the guest's tree names for it. */
export interface Standing extends AttachedService {
  readonly conduit: 'hvc' | 'smc';
}

/** All services of a guest with their instructions. */
export function standingsOf(services: readonly AttachedService[], hasEl2: boolean): readonly Standing[] {
  return services.map((attached) => ({ ...attached, conduit: conduitOf(attached.level, hasEl2, attached.attachment) }));
}

/**
 * The instruction by which a guest reaches a service: SMC at EL3, HVC at EL2. Outside it is SMC for CPUs with EL2 and
 * HVC for those without, as QEMU's `virt` board has it; a service that takes only one of them decides itself.
 */
function conduitOf(level: Level, hasEl2: boolean, attachment: Attachment): 'hvc' | 'smc' {
  const usual = level === 'el3' || (level === 'outside' && hasEl2) ? 'smc' : 'hvc';
  const taken = attachment.implementations.flatMap(({ convention }) => convention.conduits);
  const other = usual === 'smc' ? 'hvc' : 'smc';
  return !taken.includes(usual) && taken.includes(other) ? other : usual;
}

/** From the guest's nearest to the farthest: whose description of an interface a guest's tree has. */
const NEAREST: readonly Level[] = ['el2', 'outside', 'el3'];

/**
 * The services that describe themselves in a guest's tree: a farther one that answers the same interface (TF-A's PSCI
 * below Xen's) is the nearer one's business.
 *
 * Throws {@link CompositionError} where two levels answer one interface by the same instruction: a call would only
 * ever reach one of them.
 */
export function described(guest: string, standings: readonly Standing[]): readonly Standing[] {
  const nearest = NEAREST.flatMap((level) => standings.filter((standing) => standing.level === level));
  const owners = new Map<string, Standing>();
  const shown: Standing[] = [];
  for (const standing of nearest) {
    const names = standing.attachment.implementations.map((implementation) => implementation.interface.name);
    const other = names
      .map((name) => owners.get(name))
      .find((owner) => owner !== undefined && owner.level !== standing.level);
    if (other === undefined) {
      shown.push(standing);
      for (const name of names) if (!owners.has(name)) owners.set(name, standing);
    } else if (other.conduit === standing.conduit) {
      const name = names.find((shared) => owners.get(shared) === other);
      throw new CompositionError(
        `guest '${guest}' would reach ${name} by ${standing.conduit.toUpperCase()} both at ${other.level} (service '${other.service.name}') and at ${standing.level} (service '${standing.service.name}')`,
        'leave one of them out',
      );
    }
  }
  return shown;
}

/**
 * Holds a guest's own tree against the services that were composed for it.
 *
 * Throws {@link CompositionError} for a node whose interface a service answers by the other instruction only.
 */
export function checkOwnTree(
  guest: string,
  interfaces: readonly InspectedInterface[],
  standings: readonly Standing[],
): void {
  for (const { interface: name, path, conduit } of interfaces) {
    const answering = standings.filter(({ attachment }) =>
      attachment.implementations.some((implementation) => implementation.interface.name === name),
    );
    const first = answering[0];
    if (conduit === null || first === undefined || answering.some((standing) => reaches(standing, conduit))) continue;
    const other = conduit === 'hvc' ? 'el2 or outside' : 'el3 or outside';
    throw new CompositionError(
      `${path} of guest '${guest}' names ${conduit}, and service '${first.service.name}' at ${first.level} is reached by ${first.conduit}`,
      `write method = "${first.conduit}" there, or put the service at ${other}`,
    );
  }
}

/** Outside, a service is asked for every instruction it takes; at EL2, for an SMC that it traps. */
function reaches({ level, attachment, conduit }: Standing, asked: ConduitKind): boolean {
  if (asked === conduit) return true;
  if (level === 'el2') return asked === 'smc' && attachment.trapsSmc === true;
  return (
    level === 'outside' && attachment.implementations.some(({ convention }) => convention.conduits.includes(asked))
  );
}
