import type { ClockPort, InterruptPort, Pe, Saved } from '@trapline/core';
import { GenericTimer, TIMER_ENABLE, TIMER_MASK, type TimerState } from './generic-timer.js';
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
  /** What becomes of a timer that fires; `level` where absent. */
  readonly fires?: TimerFiring;
}

/**
 * `level`: the line stays high until software stops the timer, as hardware has it. `masked`: a hypervisor takes the
 * interrupt, sets the timer's IMASK and injects one interrupt (Xen, xen/arch/arm/vtimer.c and time.c).
 */
export type TimerFiring = 'level' | 'masked';

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

/** The model of {@link createTimers}. Timers of a PE come into being when somebody asks for them. */
export class Timers {
  readonly #parts: TimerParts;
  readonly #pes: (PeTimers | undefined)[];

  constructor(parts: TimerParts) {
    this.#parts = parts;
    this.#pes = new Array<PeTimers | undefined>(parts.pes.length).fill(undefined);
  }

  /** The timers of a PE of this guest. Throws `RangeError` for one of another. */
  of(pe: Pe): PeTimers {
    const own = this.#parts.pes[pe.index];
    if (!own) throw new RangeError(`no timers for PE ${pe.index}: this guest has ${this.#pes.length} PEs`);
    let timers = this.#pes[pe.index];
    if (!timers) {
      timers = this.#make(own);
      this.#pes[pe.index] = timers;
    }
    return timers;
  }

  /** All timers off. */
  reset(): void {
    for (const timers of this.#pes) for (const timer of each(timers)) timer.reset();
  }

  /** The registers of every PE whose timers somebody asked for. */
  save(): Saved {
    return {
      format: FORMAT,
      pes: this.#pes.flatMap((timers, pe) =>
        timers
          ? [{ pe, timers: each(timers).map(({ control, compare, offset }) => toSaved(control, compare, offset)) }]
          : [],
      ),
    };
  }

  /**
   * Takes back what {@link save} gave, and sets the lines and alarms that follow from it: the clock and the interrupt
   * controller come before. Throws `RestoreError`, and changes nothing, for anything else.
   */
  restore(saved: Saved): void {
    const record = SavedRecord.open(saved, FORMAT);
    const states = new Map<number, TimerState[]>();
    for (const one of record.records('pes')) {
      const timers = one.records('timers').map(fromSaved);
      if (timers.length !== TIMERS_OF_PE) throw one.error(`a PE has ${TIMERS_OF_PE} timers`);
      states.set(one.integer('pe', 0, this.#pes.length - 1), timers);
    }
    this.#parts.pes.forEach((pe, i) => {
      const state = states.get(i);
      if (!state) for (const timer of each(this.#pes[i])) timer.reset();
      else each(this.of(pe)).forEach((timer, n) => void timer.put(state[n] as TimerState));
    });
  }

  #make(pe: Pe): PeTimers {
    const { clock, interrupts, fires } = this.#parts;
    const masked = fires === 'masked';
    const timer = (intid: number): GenericTimer => {
      const level = (high: boolean): void => interrupts.setLevel(pe, intid, high);
      const pulse = (high: boolean): void => {
        if (high) interrupts.pulse(pe, intid);
      };
      return new GenericTimer(clock, masked ? pulse : level, masked);
    };
    return { physical: timer(PPI_PHYSICAL), virtual: timer(PPI_VIRTUAL), hypervisor: timer(PPI_HYPERVISOR) };
  }
}

const TIMERS_OF_PE = 3;

function each(timers: PeTimers | undefined): GenericTimer[] {
  return timers ? [timers.physical, timers.virtual, timers.hypervisor] : [];
}

function toSaved(control: number, compare: bigint, offset: bigint): Saved {
  return { control: control & (TIMER_ENABLE | TIMER_MASK), compare: hexOf(compare), offset: hexOf(offset) };
}

function fromSaved(record: SavedRecord): TimerState {
  return {
    control: record.integer('control', 0, TIMER_ENABLE | TIMER_MASK),
    compare: record.big('compare'),
    offset: record.big('offset'),
  };
}
