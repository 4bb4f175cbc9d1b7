import type { ClockPort, InterruptPort, Pe, Saved } from '@trapline/core';
import { GenericTimer } from './generic-timer.js';
import { hexOf, SavedRecord } from './saved.js';

/** PPI of the non-secure EL1 physical timer, as SBSA's and QEMU's machines wire it (BSA, 6.5). */
export const PPI_PHYSICAL = 30;
/** PPI of the virtual timer. */
export const PPI_VIRTUAL = 27;
/** PPI of the non-secure EL2 physical timer. */
export const PPI_HYPERVISOR = 26;

const FORMAT = 'trapline.timers/1';

/** What the timers of a guest need. */
export interface TimerParts {
  /** Counter and alarms; `timeOf` of the virtual clock, for a clock of one's own the same. */
  readonly clock: ClockPort & { timeOf(ticks: bigint): bigint };
  /** Where their lines go. */
  readonly interrupts: InterruptPort;
  readonly pes: readonly Pe[];
}

/** The generic timers of a guest: for each PE EL1's physical and virtual one, and EL2's (DDI 0487, chapter D11). */
export function createTimers(parts: TimerParts): Timers {
  return new Timers(parts);
}

/** The timers of one PE. */
export interface PeTimers {
  /** CNTP_*_EL0. */
  readonly physical: GenericTimer;
  /** CNTV_*_EL0; its `offset` is CNTVOFF_EL2. */
  readonly virtual: GenericTimer;
  /** CNTHP_*_EL2. */
  readonly hypervisor: GenericTimer;
}

/** The model of {@link createTimers}. */
export class Timers {
  readonly #pes: readonly PeTimers[];

  constructor({ clock, interrupts, pes }: TimerParts) {
    this.#pes = pes.map((pe) => {
      const timer = (intid: number) => new GenericTimer(clock, (high) => interrupts.setLevel(pe, intid, high));
      return { physical: timer(PPI_PHYSICAL), virtual: timer(PPI_VIRTUAL), hypervisor: timer(PPI_HYPERVISOR) };
    });
  }

  /** The timers of a PE of this guest. Throws `RangeError` for one of another. */
  of(pe: Pe): PeTimers {
    const timers = this.#pes[pe.index];
    if (!timers) throw new RangeError(`no timers for PE ${pe.index}: this guest has ${this.#pes.length} PEs`);
    return timers;
  }

  /** All timers off. */
  reset(): void {
    for (const timer of this.#all()) timer.reset();
  }

  save(): Saved {
    return {
      format: FORMAT,
      timers: Array.from(this.#all(), ({ control, compare, offset }) => ({
        control: control & 3,
        compare: hexOf(compare),
        offset: hexOf(offset),
      })),
    };
  }

  /**
   * Takes back what {@link save} gave, and sets the lines and alarms that follow from it: the clock and the interrupt
   * controller come before. Throws `RestoreError`, and changes nothing, for anything else.
   */
  restore(saved: Saved): void {
    const record = SavedRecord.open(saved, FORMAT);
    const timers = [...this.#all()];
    const states = record.records('timers').map((one) => ({
      control: one.integer('control', 0, 3),
      compare: one.big('compare'),
      offset: one.big('offset'),
    }));
    if (states.length !== timers.length) throw record.error(`saved from a guest without ${this.#pes.length} PEs`);
    timers.forEach((timer, i) => {
      timer.put(states[i] as (typeof states)[number]);
    });
  }

  *#all(): Generator<GenericTimer, void, void> {
    for (const { physical, virtual, hypervisor } of this.#pes) yield* [physical, virtual, hypervisor];
  }
}
