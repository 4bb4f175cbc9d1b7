import type { ClockPort, InterruptPort, Pe, RandomPort } from '@trapline/core';
import type { StepTraffic } from './step-traffic.js';

/** Interrupt lines with somebody who listens. */
export class TappedInterrupts implements InterruptPort {
  readonly #inner: InterruptPort;
  readonly #traffic: StepTraffic;

  constructor(inner: InterruptPort, traffic: StepTraffic) {
    this.#inner = inner;
    this.#traffic = traffic;
  }

  setLevel(pe: Pe, intid: number, asserted: boolean): void {
    this.#inner.setLevel(pe, intid, asserted);
    this.#traffic.drove({ cpu: pe.index, intid, change: asserted ? 'asserted' : 'deasserted' });
  }

  pulse(pe: Pe, intid: number): void {
    this.#inner.pulse(pe, intid);
    this.#traffic.drove({ cpu: pe.index, intid, change: 'pulsed' });
  }

  pending(pe: Pe): boolean {
    const is = this.#inner.pending(pe);
    if (is) this.#traffic.wasPending(pe.index);
    return is;
  }

  inFlight(pe: Pe, intid: number): boolean | undefined {
    const is = this.#inner.inFlight?.(pe, intid);
    if (is !== undefined) this.#traffic.wasInFlight(pe.index, intid, is);
    return is;
  }
}

/** A clock that stands still while a step is answered, so that the step has one time. */
export class TappedClock implements ClockPort {
  readonly frequency: number;
  readonly #inner: ClockPort;
  readonly #traffic: StepTraffic;
  readonly #rings: (time: bigint, fire: () => void) => void;

  /** `rings` is handed every alarm that goes off. */
  constructor(inner: ClockPort, traffic: StepTraffic, rings: (time: bigint, fire: () => void) => void) {
    this.frequency = inner.frequency;
    this.#inner = inner;
    this.#traffic = traffic;
    this.#rings = rings;
  }

  now(): bigint {
    return this.#traffic.clock('now', () => this.#inner.now());
  }

  counter(): bigint {
    return this.#traffic.clock('counter', () => this.#inner.counter());
  }

  wall(): bigint {
    return this.#traffic.clock('wall', () => this.#inner.wall());
  }

  stolen(pe: Pe): bigint {
    return this.#traffic.stolen(pe.index, () => this.#inner.stolen(pe));
  }

  at(time: bigint, fire: () => void): () => void {
    return this.#inner.at(time, () => this.#rings(time, fire));
  }
}

/** A source of entropy with somebody who listens. */
export class TappedRandom implements RandomPort {
  readonly #inner: RandomPort;
  readonly #traffic: StepTraffic;

  constructor(inner: RandomPort, traffic: StepTraffic) {
    this.#inner = inner;
    this.#traffic = traffic;
  }

  fill(target: Uint8Array): boolean {
    const filled = this.#inner.fill(target);
    this.#traffic.drew(filled ? target : undefined);
    return filled;
  }
}
