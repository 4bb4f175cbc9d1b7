import { RestoreError, type Saved } from '@trapline/core';
import { ROUTE_ANY } from './abi.js';
import type { SdeiEvent } from './events.js';

/** What {@link SdeiRecords.find} gives for a number that is no event. */
export const NO_EVENT = -1;
/** The interrupt of a slot that none is bound to. */
export const UNBOUND = -1;

/**
 * What a guest has registered: one record for a shared event, one on each PE for a private one. Flat arrays, so that a
 * call allocates nothing and saving is a copy.
 */
export class SdeiRecords {
  readonly events: readonly SdeiEvent[];
  /** State by record, as SDEI_EVENT_STATUS gives it. */
  readonly state: Uint8Array;
  /** Whether the event was signalled and not delivered yet, by record. */
  readonly pending: Uint8Array;
  /** Halves of the handler's address and of its argument, by record: four each. */
  readonly handler: Uint32Array;
  /** Routing flags of shared events, by event. */
  readonly routing: Uint8Array;
  /** Halves of the affinity that a shared event is routed to, by event. */
  readonly affinity: Uint32Array;
  /** Interrupt by event. */
  readonly interrupt: Int32Array;
  readonly #numbers: Int32Array;
  readonly #pes: number;

  constructor(events: readonly SdeiEvent[], pes: number) {
    const records = events.length * pes;
    this.events = events;
    this.#pes = pes;
    this.#numbers = new Int32Array(events.map(({ number }) => number));
    this.state = new Uint8Array(records);
    this.pending = new Uint8Array(records);
    this.handler = new Uint32Array(4 * records);
    this.routing = new Uint8Array(events.length);
    this.affinity = new Uint32Array(2 * events.length);
    this.interrupt = new Int32Array(events.length);
    this.reset();
  }

  /** Index of the event with a number, or {@link NO_EVENT}. */
  find(number: number): number {
    return this.#numbers.indexOf(number);
  }

  /** Number of an event. */
  number(event: number): number {
    return this.#numbers[event] as number;
  }

  shared(event: number): boolean {
    return this.events[event]?.shared === true;
  }

  critical(event: number): boolean {
    return this.events[event]?.critical === true;
  }

  dynamic(event: number): boolean {
    return this.events[event]?.dynamic === true;
  }

  /** Index of an event's record; for a private one, of a PE's. */
  record(event: number, pe: number): number {
    return event * this.#pes + (this.shared(event) ? 0 : pe);
  }

  /** Whether any PE has a handler registered, or still running. */
  used(event: number): boolean {
    for (let pe = 0; pe < this.#pes; pe++) if (this.state[event * this.#pes + pe] !== 0) return true;
    return false;
  }

  /** Index of the event that an interrupt signals, or {@link NO_EVENT}. */
  byInterrupt(intid: number): number {
    return this.interrupt.indexOf(intid);
  }

  /** Whether anything is signalled and not delivered. */
  anyPending(): boolean {
    return this.pending.indexOf(1) >= 0;
  }

  /** Forgets the handler of a record and that it was signalled. */
  clear(record: number): void {
    this.pending[record] = 0;
    this.handler.fill(0, 4 * record, 4 * record + 4);
  }

  /** Forgets everything that a PE has of its own. */
  clearPe(pe: number): void {
    for (let event = 0; event < this.events.length; event++) {
      if (this.shared(event)) continue;
      const record = this.record(event, pe);
      this.state[record] = 0;
      this.clear(record);
    }
  }

  reset(): void {
    this.state.fill(0);
    this.pending.fill(0);
    this.handler.fill(0);
    this.routing.fill(ROUTE_ANY);
    this.affinity.fill(0);
    this.events.forEach(({ interrupt }, event) => {
      this.interrupt[event] = interrupt ?? UNBOUND;
    });
  }

  save(): Saved {
    return Object.fromEntries(this.#parts().map(([name, array]) => [name, Array.from(array)]));
  }

  /** Throws {@link RestoreError} for what belongs to other events or another number of CPUs. */
  restore(saved: Saved): void {
    const lists = saved as { readonly [part: string]: Saved };
    for (const [name, array] of this.#parts()) copyChecked(`SDEI ${name}`, array, lists?.[name]);
  }

  #parts(): readonly (readonly [string, Uint8Array | Uint32Array | Int32Array])[] {
    const { state, pending, handler, routing, affinity, interrupt } = this;
    return Object.entries({ state, pending, handler, routing, affinity, interrupt });
  }
}

/** Copies a saved list of numbers into an array of its length. Throws {@link RestoreError} for anything else. */
export function copyChecked(what: string, to: Uint8Array | Uint32Array | Int32Array, saved: Saved | undefined): void {
  if (!Array.isArray(saved) || saved.length !== to.length || !saved.every((value) => typeof value === 'number')) {
    throw new RestoreError(`${what}: a list of ${to.length} numbers is wanted to restore`);
  }
  to.set(saved as readonly number[]);
}
