import type { Pe } from '@trapline/core';
import type { StackGuest } from '@trapline/stack';
import { PPI_VIRTUAL, TIMER_ENABLE } from '@trapline/trap-bus';

const NANOSECONDS = 1_000_000_000n;

/** The virtual timers of a guest's CPUs, as its kernel programs them to be woken. */
export class Alarm {
  readonly #guest: StackGuest;

  constructor(guest: StackGuest) {
    this.#guest = guest;
  }

  /** Lets the CPU's timer raise its interrupt after so many nanoseconds: CNTV_TVAL_EL0, CNTV_CTL_EL0, GICR_ISENABLER0. */
  set(cpu: number, nanoseconds: bigint): void {
    const { gic, timers, clock } = this.#guest.bus.world.models;
    const pe = this.#pe(cpu);
    const timer = timers?.of(pe).virtual;
    if (timer === undefined || clock === undefined) return;
    gic?.setEnabled(pe, PPI_VIRTUAL, true);
    timer.value = Number((nanoseconds * BigInt(clock.frequency)) / NANOSECONDS);
    timer.control = TIMER_ENABLE;
  }

  /** Turns the timer off, which lowers its interrupt's line. */
  clear(cpu: number): void {
    const timer = this.#guest.bus.world.models.timers?.of(this.#pe(cpu)).virtual;
    if (timer !== undefined) timer.control = 0;
  }

  #pe(cpu: number): Pe {
    return this.#guest.bus.vcpu(cpu);
  }
}
