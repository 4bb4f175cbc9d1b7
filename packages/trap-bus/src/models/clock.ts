import { type ClockPort, CompositionError, type Pe, type Saved } from '@trapline/core';
import { AlarmHeap } from './alarm-heap.js';
import { hexOf, SavedRecord } from './saved.js';

/** Most alarms that can be set at a time: eight for each of 65,536 CPUs. */
export const MAX_ALARMS: number = 2 ** 19;

/** Most alarms that one advance fires: one that sets itself again for the same time would never end. */
export const MAX_FIRINGS: number = 2 ** 19;

/** CNTFRQ_EL0 where nobody says: 62.5 MHz, as QEMU's virt machine has it. */
export const DEFAULT_FREQUENCY = 62_500_000;

const NANOSECONDS = 1_000_000_000n;
const FORMAT = 'trapline.clock/1';

/** Choices about a virtual clock. */
export interface ClockOptions {
  /** Ticks of the system counter a second; {@link DEFAULT_FREQUENCY} where absent. */
  readonly frequency?: number;
  /** Nanoseconds at which it begins; 0 where absent. */
  readonly start?: bigint;
  /** Wall-clock time at the beginning, in nanoseconds since 1970; 0 where absent. */
  readonly wall?: bigint;
}

/** More alarms than {@link MAX_ALARMS}, or more firings than {@link MAX_FIRINGS}: somebody sets alarms without end. */
export class AlarmLimitError extends Error {
  override readonly name = 'AlarmLimitError';
}

/**
 * A clock that moves only when it is told to, so that runs repeat bit by bit.
 *
 * Throws {@link CompositionError} for a frequency that is no whole number from 1 to 2^32 - 1 (CNTFRQ_EL0 has 32 bits).
 */
export function createVirtualClock(options: ClockOptions = {}): VirtualClock {
  return new VirtualClock(options);
}

/** The default model behind {@link ClockPort}; made by {@link createVirtualClock}. */
export class VirtualClock implements ClockPort {
  readonly frequency: number;
  readonly #frequency: bigint;
  readonly #start: bigint;
  readonly #wall: bigint;
  readonly #alarms = new AlarmHeap();
  readonly #stolen = new Map<number, bigint>();
  #now: bigint;
  #wallShift = 0n;

  constructor(options: ClockOptions) {
    const frequency = options.frequency ?? DEFAULT_FREQUENCY;
    if (!Number.isInteger(frequency) || frequency < 1 || frequency > 0xffff_ffff) {
      throw new CompositionError(`clock frequency ${frequency}`, 'give a whole number of Hz from 1 to 4294967295');
    }
    this.frequency = frequency;
    this.#frequency = BigInt(frequency);
    this.#start = options.start ?? 0n;
    this.#wall = (options.wall ?? 0n) - this.#start;
    this.#now = this.#start;
  }

  now(): bigint {
    return this.#now;
  }

  counter(): bigint {
    return (this.#now * this.#frequency) / NANOSECONDS;
  }

  wall(): bigint {
    return this.#now + this.#wall + this.#wallShift;
  }

  stolen(pe: Pe): bigint {
    return this.#stolen.get(pe.index) ?? 0n;
  }

  /**
   * Calls back once {@link now} reaches a time, during {@link advance}; a time that has passed already counts at the
   * next advance, also one of 0 ns. Throws {@link AlarmLimitError} beyond {@link MAX_ALARMS}.
   */
  at(time: bigint, fire: () => void): () => void {
    if (this.#alarms.size >= MAX_ALARMS) throw new AlarmLimitError(`more than ${MAX_ALARMS} alarms are set`);
    const alarm = this.#alarms.add(time, fire);
    return () => this.#alarms.remove(alarm);
  }

  /** The earliest time at which the counter stands at `ticks` or above. */
  timeOf(ticks: bigint): bigint {
    return (ticks * NANOSECONDS + this.#frequency - 1n) / this.#frequency;
  }

  /** Time of the next alarm. */
  get next(): bigint | undefined {
    return this.#alarms.first?.time;
  }

  /**
   * Moves on by so many nanoseconds. Alarms on the way fire in order, each at its own time; those that they set count
   * too. Throws {@link AlarmLimitError} after {@link MAX_FIRINGS}; time then stands at the last alarm that fired.
   */
  advance(nanoseconds: bigint): void {
    if (nanoseconds < 0n) throw new RangeError(`time cannot go back by ${-nanoseconds} ns`);
    const end = this.#now + nanoseconds;
    for (let fired = 0; ; fired++) {
      const alarm = this.#alarms.first;
      if (!alarm || alarm.time > end) break;
      if (fired === MAX_FIRINGS) throw new AlarmLimitError(`${MAX_FIRINGS} alarms fired in one advance`);
      this.#alarms.remove(alarm);
      this.#moveTo(alarm.time);
      alarm.fire();
    }
    this.#moveTo(end);
  }

  /** Moves on to the next alarm, and fires all of its time; false where none is set. */
  advanceToNext(): boolean {
    const time = this.next;
    if (time === undefined) return false;
    this.advance(time > this.#now ? time - this.#now : 0n);
    return true;
  }

  /** Adds time for which a PE could have run and did not. */
  steal(pe: Pe, nanoseconds: bigint): void {
    this.#stolen.set(pe.index, this.stolen(pe) + nanoseconds);
  }

  /** Sets the wall clock, as a person or a time server does. */
  setWall(nanoseconds: bigint): void {
    this.#wallShift = nanoseconds - this.#now - this.#wall;
  }

  /** Back to the beginning, without alarms. */
  reset(): void {
    this.#alarms.clear();
    this.#stolen.clear();
    this.#now = this.#start;
    this.#wallShift = 0n;
  }

  /** Time as plain data. Alarms are not part of it: whoever set one sets it again after {@link restore}. */
  save(): Saved {
    return {
      format: FORMAT,
      frequency: this.frequency,
      now: hexOf(this.#now),
      wall: hexOf(this.wall()),
      stolen: Array.from(this.#stolen, ([pe, time]) => ({ pe, time: hexOf(time) })),
    };
  }

  /**
   * Takes back what {@link save} gave, and forgets all alarms: restore the clock before those who use it. Throws
   * `RestoreError`, and changes nothing, for anything else or another frequency.
   */
  restore(saved: Saved): void {
    const record = SavedRecord.open(saved, FORMAT);
    const now = record.big('now');
    const wall = record.big('wall');
    const stolen = record.records('stolen').map((one) => [one.integer('pe', 0, 0xffff), one.big('time')] as const);
    if (record.integer('frequency', 1, 0xffff_ffff) !== this.frequency) {
      throw record.error(`saved from a clock of another frequency than ${this.frequency} Hz`);
    }
    this.reset();
    this.#now = now;
    for (const [pe, time] of stolen) this.#stolen.set(pe, time);
    this.setWall(wall);
  }

  /** An alarm's own code may have moved time on already. */
  #moveTo(time: bigint): void {
    if (time > this.#now) this.#now = time;
  }
}
