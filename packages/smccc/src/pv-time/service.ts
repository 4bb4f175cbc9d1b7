import {
  type AttachedGuest,
  type Attachment,
  CompositionError,
  type Convention,
  type GuestPhysical,
  implement,
  type Pe,
  perGuest,
  RestoreError,
  returnHalves,
  returnInt,
  type Saved,
  type Service,
} from '@trapline/core';
import { pvTimeAbi, pvTimeStatus } from './abi.js';
import { StolenTimeArea } from './area.js';
import { STOLEN_TIME_SIZE } from './structure.js';

/** How PV time answers. */
export interface PvTimeOptions {
  /** Where the structures are: one base, a structure per CPU behind it, or an address (or none) for each CPU. */
  readonly areas: number | readonly (number | undefined)[];
  /**
   * Adds what was stolen to what stands in memory, from the CPU's first run on, asked or not, as KVM does. Else the
   * structure is written when the guest asks for it, and holds the clock's own count from then on.
   */
  readonly accumulates?: boolean;
  /** Gives whoever schedules the guest's CPUs the means to keep the structures current while they run. */
  readonly connect?: (guest: AttachedGuest, updates: StolenTimeUpdates) => void;
  readonly convention?: Partial<Convention>;
}

/** Keeps stolen time current; for whoever puts CPUs on and off. */
export interface StolenTimeUpdates {
  /** The CPU is about to run again: its structure gets what the clock port says was stolen. Allocates nothing itself. */
  update(pe: Pe): void;
}

/**
 * PV time for one guest (DEN0057A): a structure in guest memory tells how long each CPU was kept from running.
 *
 * Structures are brought up to date when the guest asks, when a CPU starts or wakes, and by
 * {@link PvTimeOptions.connect}. FEATURES and ST answer NOT_SUPPORTED for a CPU without an area, ST also where the
 * area is not memory.
 *
 * Throws {@link CompositionError} for an area that is not aligned to 64 bytes.
 */
export function attachPvTime(guest: AttachedGuest, options: PvTimeOptions): Attachment {
  const areas = guest.pes.map((pe) => areaOf(guest, pe, options));
  const update = (pe: Pe): void => areas[pe.index]?.update();
  options.connect?.(guest, { update });
  const implementation = implement(
    pvTimeAbi,
    {
      features: (call) =>
        returnInt(
          call,
          areas[call.pe.index] && pvTimeAbi.find(call.w[0] as number)
            ? pvTimeStatus.SUCCESS.code
            : pvTimeStatus.NOT_SUPPORTED.code,
        ),
      stolenTime: (call) => {
        const area = areas[call.pe.index];
        return area?.begin()
          ? returnHalves(call, area.low, area.high)
          : returnInt(call, pvTimeStatus.NOT_SUPPORTED.code);
      },
    },
    { convention: options.convention ?? {} },
  );
  return {
    implementations: [implementation],
    entered: update,
    woke: update,
    reset: () => {
      for (const area of areas) area?.reset();
    },
    save: () => areas.map((area) => area?.save() ?? null),
    restore: (saved) => {
      const states = savedAreas(saved, areas.length);
      areas.forEach((area, i) => {
        area?.restore(states[i] as Saved);
      });
    },
  };
}

/** {@link attachPvTime} as a service by itself. */
export function pvTimeService(options: PvTimeOptions): Service {
  return perGuest({
    name: 'pv-time',
    levels: ['el2', 'outside'],
    needs: ['memory', 'clock'],
    attach: (guest) => attachPvTime(guest, options),
  });
}

function areaOf(guest: AttachedGuest, pe: Pe, options: PvTimeOptions): StolenTimeArea | undefined {
  const { areas } = options;
  const address = typeof areas === 'number' ? areas + pe.index * STOLEN_TIME_SIZE : areas[pe.index];
  if (address === undefined) return undefined;
  if (!Number.isSafeInteger(address) || address < 0 || address % STOLEN_TIME_SIZE !== 0) {
    throw new CompositionError(
      `the stolen time structure of CPU ${pe.index} in ${guest.name} at 0x${address.toString(16)} is not aligned`,
      `give a multiple of ${STOLEN_TIME_SIZE}`,
    );
  }
  return new StolenTimeArea(guest.ports, pe, address as GuestPhysical, options.accumulates ?? false);
}

function savedAreas(saved: Saved, count: number): readonly Saved[] {
  if (!Array.isArray(saved) || saved.length !== count) {
    throw new RestoreError(`PV time wants a list of ${count} CPUs to restore`);
  }
  return saved;
}
