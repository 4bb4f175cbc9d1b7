import type { ClockPort } from '@trapline/core';

/** CNT*_CTL.ENABLE. */
export const TIMER_ENABLE = 1;
/** CNT*_CTL.IMASK. */
export const TIMER_MASK = 2;
/** CNT*_CTL.ISTATUS, which is only read. */
export const TIMER_STATUS = 4;

/** What a timer's registers hold. */
export interface TimerState {
  readonly control: number;
  readonly compare: bigint;
  readonly offset: bigint;
}

/**
 * One timer of the generic timer: compares the counter, less an offset, with CVAL and drives a level (DDI 0487, D11.2.4).
 * It looks at the clock only when a register is touched, and once at the time it has to fire.
 */
export class GenericTimer {
  readonly #clock: ClockPort & { timeOf(ticks: bigint): bigint };
  readonly #drive: (high: boolean) => void;
  readonly #masks: boolean;
  #control = 0;
  #compare = 0n;
  #offset = 0n;
  #high = false;
  #cancel: (() => void) | undefined;

  /** Where `masks` says so, CTL.IMASK is set as soon as the line has risen. */
  constructor(clock: ClockPort & { timeOf(ticks: bigint): bigint }, drive: (high: boolean) => void, masks = false) {
    this.#clock = clock;
    this.#drive = drive;
    this.#masks = masks;
  }

  /** The counter this timer compares: CNTPCT, or CNTVCT where there is an offset. */
  get count(): bigint {
    return BigInt.asUintN(64, this.#clock.counter() - this.#offset);
  }

  /** CTL: {@link TIMER_ENABLE}, {@link TIMER_MASK}, and {@link TIMER_STATUS} while the condition holds. */
  get control(): number {
    return this.#control | (this.#enabled && this.#met ? TIMER_STATUS : 0);
  }

  set control(value: number) {
    this.#control = value & (TIMER_ENABLE | TIMER_MASK);
    this.#update();
  }

  /** CVAL. */
  get compare(): bigint {
    return this.#compare;
  }

  set compare(value: bigint) {
    this.#compare = BigInt.asUintN(64, value);
    this.#update();
  }

  /** TVAL: signed 32-bit distance from now to CVAL. */
  get value(): number {
    return Number(BigInt.asIntN(32, this.#compare - this.count));
  }

  set value(ticks: number) {
    this.compare = this.count + BigInt(ticks | 0);
  }

  /** What is taken off the counter: CNTVOFF_EL2 for the virtual timer, 0 for the others. */
  get offset(): bigint {
    return this.#offset;
  }

  set offset(value: bigint) {
    this.#offset = BigInt.asUintN(64, value);
    this.#update();
  }

  /** All registers at once, as after a restore: the line is driven anew. */
  put({ control, compare, offset }: TimerState): void {
    this.#control = control & (TIMER_ENABLE | TIMER_MASK);
    this.#compare = BigInt.asUintN(64, compare);
    this.#offset = BigInt.asUintN(64, offset);
    this.#update(true);
  }

  /** All registers to zero: disabled. */
  reset(): void {
    this.put({ control: 0, compare: 0n, offset: 0n });
  }

  get #enabled(): boolean {
    return (this.#control & TIMER_ENABLE) !== 0;
  }

  get #met(): boolean {
    return this.count >= this.#compare;
  }

  #update(redrive = false): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const met = this.#enabled && this.#met;
    const high = met && (this.#control & TIMER_MASK) === 0;
    if (redrive || high !== this.#high) {
      this.#high = high;
      this.#drive(high);
      if (high && this.#masks) {
        this.control = this.#control | TIMER_MASK;
        return;
      }
    }
    // A masked timer needs no alarm: its status is worked out when it is read. Neither does one that would fire only
    // after the counter has wrapped.
    if (this.#control !== TIMER_ENABLE || met) return;
    const ticks = this.#compare - this.count;
    this.#cancel = this.#clock.at(this.#clock.timeOf(this.#clock.counter() + ticks), () => {
      this.#cancel = undefined;
      this.#update();
    });
  }
}
