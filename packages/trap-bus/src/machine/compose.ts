import { affinityOf, CompositionError, type Level, type PortName, type Service } from '@trapline/core';
import type { Levels } from '../cpu/execution-state.js';
import { mpidrOf } from '../guest/affinity.js';
import { vcpuSpecs } from '../guest/guest.js';
import { MAX_GUESTS, MAX_SERVICES, MAX_VCPUS } from './limits.js';
import type { GuestSpec, MachineSpec } from './spec.js';

/** The levels in the order in which a call may meet them. */
export const LEVELS: readonly Level[] = Object.freeze(['outside', 'el2', 'el3']);

/** Which exception levels a guest's machine has: those with services, unless the composition says so itself. */
export function levelsOf(guest: GuestSpec): Levels {
  return {
    hasEl2: guest.hasEl2 ?? servicesAt(guest, 'el2').length > 0,
    hasEl3: guest.hasEl3 ?? servicesAt(guest, 'el3').length > 0,
  };
}

/** The services of a guest at a level, in the order in which they are asked. */
export function servicesAt(guest: GuestSpec, level: Level): readonly Service[] {
  return guest.services?.[level] ?? [];
}

/** Throws {@link CompositionError} for a machine that cannot be built; names the parties and the remedy. */
export function checkComposition(spec: MachineSpec): void {
  if (spec.guests.length === 0) throw new CompositionError('the machine has no guest', 'give it at least one');
  if (spec.guests.length > MAX_GUESTS) {
    throw new CompositionError(`${spec.guests.length} guests`, `a machine takes at most ${MAX_GUESTS}`);
  }
  const names = new Set<string>();
  for (const guest of spec.guests) {
    if (names.has(guest.name)) {
      throw new CompositionError(`two guests are named ${guest.name}`, 'give each a name of its own');
    }
    names.add(guest.name);
    checkVcpus(guest);
    checkServices(guest);
  }
}

function checkVcpus(guest: GuestSpec): void {
  const count = typeof guest.vcpus === 'number' ? guest.vcpus : guest.vcpus.length;
  if (!Number.isInteger(count) || count < 1) {
    throw new CompositionError(`${guest.name} has ${count} vCPUs`, 'give it at least one');
  }
  if (count > MAX_VCPUS) throw new CompositionError(`${guest.name} has ${count} vCPUs`, `at most ${MAX_VCPUS}`);
  const { hasEl2, hasEl3 } = levelsOf(guest);
  const byAffinity = new Map<number, number>();
  vcpuSpecs(guest).forEach((vcpu, i) => {
    const mpidr = vcpu.mpidr ?? mpidrOf(i);
    const affinity = affinityOf(mpidr);
    const other = byAffinity.get(affinity);
    if (other !== undefined) {
      throw new CompositionError(
        `${guest.name}: vCPUs ${other} and ${i} share the affinity of MPIDR 0x${mpidr.toString(16)}`,
        'give each vCPU an affinity of its own',
      );
    }
    byAffinity.set(affinity, i);
    const el = vcpu.boot?.el ?? 1;
    if ((el === 2 && !hasEl2) || (el === 3 && !hasEl3)) {
      throw new CompositionError(
        `${guest.name}: vCPU ${i} begins at EL${el}, which the machine lacks`,
        `set hasEl${el}, or let it begin at EL1`,
      );
    }
    const above = el === 2 ? servicesAt(guest, 'el2') : el === 3 ? servicesAt(guest, 'el3') : [];
    if (above[0]) {
      throw new CompositionError(
        `${guest.name}: vCPU ${i} begins at EL${el}, where ${above[0].name} stands`,
        `let it begin below, or leave ${above[0].name} out`,
      );
    }
  });
}

function checkServices(guest: GuestSpec): void {
  const levels = levelsOf(guest);
  for (const level of LEVELS) {
    const services = servicesAt(guest, level);
    if (services.length > MAX_SERVICES) {
      throw new CompositionError(
        `${guest.name} has ${services.length} services at ${level}`,
        `at most ${MAX_SERVICES}`,
      );
    }
    const lacks = (level === 'el2' && !levels.hasEl2) || (level === 'el3' && !levels.hasEl3);
    for (const service of services) {
      if (lacks) {
        throw new CompositionError(
          `${service.name} stands at ${level} of ${guest.name}, whose machine has no ${level.toUpperCase()}`,
          `leave has${level === 'el2' ? 'El2' : 'El3'} out, or stand ${service.name} at another level`,
        );
      }
      if (service.levels.includes(level)) continue;
      throw new CompositionError(
        `${service.name} cannot stand at ${level} of ${guest.name}`,
        `stand it at ${service.levels.join(' or ')}`,
      );
    }
  }
}

/** Throws {@link CompositionError} where a service needs a port that the guest's world does not have. */
export function checkNeeds(guest: string, service: Service, ports: Partial<Record<PortName, unknown>>): void {
  for (const name of service.needs) {
    if (ports[name] !== undefined) continue;
    throw new CompositionError(
      `${service.name} needs the port ${name}, which ${guest} does not have`,
      `give ${guest} a ${name} port, or leave ${service.name} out`,
    );
  }
}
