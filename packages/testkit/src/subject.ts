import type { Interface, Level, Service } from '@trapline/core';
import { createMachine, type Guest, type GuestSpec, type Machine } from '@trapline/trap-bus';
import type { ValidValues } from './values.js';

/** A service under test, and the small machine it is tested in. */
export interface Subject {
  readonly service: Service;
  /** The interfaces whose calls are made; other numbers are unknown ones. */
  readonly interfaces: readonly Interface[];
  /** The instruction of the calls; `smc` where absent. */
  readonly conduit?: 'hvc' | 'smc';
  /** Where the service stands; the first of its own levels where absent. */
  readonly level?: Level;
  /** The guest around it: four vCPUs and 16 MiB of memory at {@link TEST_RAM} where absent. */
  readonly guest?: Partial<Omit<GuestSpec, 'name' | 'services'>>;
  /** Registers from the first result on that every answer may write, whatever the call returns (KVM: X0 to X3). */
  readonly resultRegisters?: number;
  /** Values that make sense in this guest, by the name of an argument or of its type. */
  readonly valid?: ValidValues;
}

/** Base and size of a test guest's memory. */
export const TEST_RAM: { readonly base: number; readonly size: number } = { base: 0x4000_0000, size: 0x100_0000 };

/** A machine with one guest, which the subject's service answers. */
export interface World {
  readonly machine: Machine;
  readonly guest: Guest;
}

/** Builds the machine of a subject. */
export function createWorld(subject: Subject): World {
  const level = subject.level ?? (subject.service.levels[0] as Level);
  const machine = createMachine({
    guests: [
      {
        vcpus: 4,
        memory: [TEST_RAM],
        ...subject.guest,
        name: 'guest',
        services: { [level]: [subject.service] },
      },
    ],
  });
  return { machine, guest: machine.guest('guest') };
}
