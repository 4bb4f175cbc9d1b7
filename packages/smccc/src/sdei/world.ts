import type { AttachedGuest } from '@trapline/core';
import { STATUS_RUNNING } from './abi.js';
import { SdeiContexts } from './contexts.js';
import { packedAffinity, SdeiDelivery } from './delivery.js';
import type { SdeiEvent } from './events.js';
import { SdeiRecords } from './records.js';

/** What {@link SdeiWorld.peOf} gives where no PE has the affinity. */
export const NO_PE = -1;

/** All that SDEI keeps for one guest, and what its calls work on. */
export class SdeiWorld {
  readonly guest: AttachedGuest;
  readonly records: SdeiRecords;
  readonly contexts: SdeiContexts;
  readonly masked: Uint8Array;
  readonly delivery: SdeiDelivery;
  readonly #byAffinity: ReadonlyMap<number, number>;
  readonly #declared: ReadonlySet<number>;

  constructor(guest: AttachedGuest, events: readonly SdeiEvent[], declared: readonly number[] = []) {
    this.guest = guest;
    this.records = new SdeiRecords(events, guest.pes.length);
    this.contexts = new SdeiContexts(guest.pes.length);
    this.masked = new Uint8Array(guest.pes.length).fill(1);
    this.delivery = new SdeiDelivery(guest, this.records, this.contexts, this.masked);
    this.#byAffinity = new Map(guest.pes.map((pe) => [pe.affinity, pe.index]));
    this.#declared = new Set([...this.#byAffinity.keys(), ...declared]);
  }

  /** Whether an MPIDR's affinity fields are those of a PE that exists, or that the platform declares. */
  isDeclared(low: number, high: number): boolean {
    return this.#declared.has(packedAffinity(low, high));
  }

  /** The PE with an MPIDR's affinity fields, or {@link NO_PE}. */
  peOf(low: number, high: number): number {
    return this.#byAffinity.get(packedAffinity(low, high)) ?? NO_PE;
  }

  /** A PE starts, or has gone: no private handler, no handler running, events masked (DEN0054A, 6.3). */
  clearPe(pe: number): void {
    this.#endHandlers(pe);
    this.records.clearPe(pe);
    this.masked[pe] = 1;
  }

  reset(): void {
    this.records.reset();
    this.contexts.reset();
    this.masked.fill(1);
  }

  /** A shared event whose handler the PE ran can run elsewhere again. */
  #endHandlers(pe: number): void {
    while (this.contexts.depth(pe) > 0) {
      const record = this.records.record(this.contexts.running(pe), pe);
      this.records.state[record] = (this.records.state[record] as number) & ~STATUS_RUNNING;
      this.contexts.drop(pe);
    }
  }
}
