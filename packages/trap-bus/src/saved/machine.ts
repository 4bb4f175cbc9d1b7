import { RestoreError, type Saved } from '@trapline/core';
import type { Guest } from '../guest/guest.js';
import type { MachineParts } from '../machine/machine.js';
import { listOf, recordOf } from './values.js';
import { readVcpu, saveVcpu } from './vcpu.js';

/** The name of the format; nothing else is taken back. */
export const SAVED_FORMAT = 'trapline machine';
/** Its version: states of another are refused by name. */
export const SAVED_VERSION = 1;

/** All guests and services as plain data. */
export function saveMachine({ lanes, running, clock }: MachineParts): Saved {
  return {
    format: SAVED_FORMAT,
    version: SAVED_VERSION,
    clock: clock.save(),
    guests: lanes.map(({ guest }) => ({
      name: guest.name,
      vcpus: guest.vcpus.map(saveVcpu),
      world: guest.world.save(),
      services: guest.services.map(({ level, service, attachment }) => ({
        level,
        name: service.name,
        state: attachment.save(),
      })),
    })),
    services: running.map(({ service, running: started }) => ({
      name: service.name,
      state: started.save ? started.save() : null,
    })),
  };
}

/** Restores what {@link saveMachine} gave, into a machine of the same composition. */
export function restoreMachine({ lanes, running, clock }: MachineParts, saved: Saved): void {
  const record = recordOf(saved, 'saved state');
  if (record.format !== SAVED_FORMAT) {
    throw new RestoreError(`saved state: its format is ${JSON.stringify(record.format)}, not "${SAVED_FORMAT}"`);
  }
  if (record.version !== SAVED_VERSION) {
    throw new RestoreError(
      `saved state: version ${JSON.stringify(record.version)} of "${SAVED_FORMAT}"; this one reads ${SAVED_VERSION}`,
    );
  }
  const savedGuests = listOf(record.guests, 'guests', lanes.length);
  const savedServices = listOf(record.services, 'services', running.length);
  const steps = lanes.map(({ guest }, i) => planGuest(guest, savedGuests[i]));
  const serviceSteps = running.map(({ service, running: started }, i) => {
    const state = partOf(savedServices[i], `services[${i}]`, { name: service.name });
    return () => started.restore?.(state);
  });
  // Nothing may run, or wake by what a model restores, before all of it is in place.
  for (const { guest } of lanes) guest.halt();
  clock.restore(record.clock ?? null);
  for (const step of [...serviceSteps, ...steps]) step();
}

/** Checks a guest's saved state, and gives what puts it in. */
function planGuest(guest: Guest, saved: Saved | undefined): () => void {
  const { name } = guest;
  const record = recordOf(saved, name);
  if (record.name !== name) {
    throw new RestoreError(`${name}: the saved guest in its place is ${JSON.stringify(record.name)}`);
  }
  const vcpus = listOf(record.vcpus, `${name}.vcpus`, guest.vcpus.length).map((v, i) =>
    readVcpu(v, `${name}.vcpus[${i}]`),
  );
  const { services } = guest;
  const states = listOf(record.services, `${name}.services`, services.length).map((state, i) => {
    const { level, service } = services[i] as (typeof services)[number];
    return partOf(state, `${name}.services[${i}]`, { level, name: service.name });
  });
  return () => {
    guest.world.restore(record.world ?? null, `${name}.world`);
    guest.vcpus.forEach((vcpu, i) => {
      vcpus[i]?.apply(vcpu);
    });
    services.forEach(({ attachment }, i) => {
      attachment.restore(states[i] as Saved);
    });
    guest.vcpus.forEach((vcpu, i) => {
      const restored = vcpus[i];
      if (restored) guest.power.put(vcpu, restored.power, restored.wait);
    });
  };
}

function partOf(saved: Saved | undefined, place: string, wanted: Readonly<Record<string, string>>): Saved {
  const record = recordOf(saved, place);
  for (const [key, value] of Object.entries(wanted)) {
    if (record[key] === value) continue;
    throw new RestoreError(`${place}: ${key} is ${JSON.stringify(record[key])}, this machine has ${value} there`);
  }
  return record.state ?? null;
}
