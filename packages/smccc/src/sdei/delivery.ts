import { type AttachedGuest, type ExceptionLevel, PC, type Pe } from '@trapline/core';
import { ROUTE_PE, STATUS_REGISTERED } from './abi.js';
import { MAX_NESTING, type SdeiContexts, switchTo } from './contexts.js';
import type { SdeiRecords } from './records.js';
import { nextSdeiState, SDEI_FORBIDDEN } from './state.js';

/** Bytes from a call's instruction to the next one: where the caller would have gone on. */
const CALL_SIZE = 4;

/** PSTATE.D, A, I and F: a handler begins with everything masked (DEN0054A, 4.5). */
const ALL_MASKED = 0x3c0;

/** Nothing can be delivered, in {@link SdeiDelivery}. */
const NONE = -1;

/** Starts handlers: decides what a PE can take, saves what it does, and sends it to the handler. */
export class SdeiDelivery {
  readonly #guest: AttachedGuest;
  readonly #records: SdeiRecords;
  readonly #contexts: SdeiContexts;
  /** Whether each PE has its events masked. */
  readonly #masked: Uint8Array;
  /** The level whose software registers handlers, and at which they run. */
  readonly clientLevel: ExceptionLevel;

  constructor(guest: AttachedGuest, records: SdeiRecords, contexts: SdeiContexts, masked: Uint8Array) {
    this.#guest = guest;
    this.#records = records;
    this.#contexts = contexts;
    this.#masked = masked;
    this.clientLevel = guest.hasEl2 && guest.level !== 'el2' ? 2 : 1;
  }

  /** An event is signalled, a private one to `pe`; false where no handler is registered: it is lost. */
  signal(event: number, pe: Pe): boolean {
    const record = this.#records.record(event, pe.index);
    if (((this.#records.state[record] as number) & STATUS_REGISTERED) === 0) return false;
    this.#records.pending[record] = 1;
    return true;
  }

  /**
   * After a call of `pe`: sends it, and whoever else can take a shared event, to handlers. `stays` tells that the caller
   * goes on behind its call, not elsewhere. Whether `pe` went.
   */
  afterCall(pe: Pe, stays: boolean): boolean {
    if (!this.#records.anyPending()) return false;
    const taken = this.#deliver(pe, stays ? CALL_SIZE : 0);
    this.deliverAll(pe);
    return taken;
  }

  /** Sends every running PE but `except`, which is in a call, to the handler that it can take. */
  deliverAll(except?: Pe): void {
    const { pes } = this.#guest;
    for (let i = 0; i < pes.length; i++) {
      const pe = pes[i] as Pe;
      if (pe !== except) this.deliver(pe);
    }
  }

  /** Sends a PE that stands between two instructions to the handler that it can take; false where there is none. */
  deliver(pe: Pe): boolean {
    return this.#guest.ports.power.state(pe) === 'running' && this.#deliver(pe, 0);
  }

  #deliver(pe: Pe, pcOffset: number): boolean {
    const event = this.#next(pe);
    if (event === NONE) return false;
    const record = this.#records.record(event, pe.index);
    this.#records.state[record] = nextSdeiState(this.#records.state[record] as number, 'dispatch');
    this.#records.pending[record] = 0;
    this.#contexts.push(pe, event, pcOffset);
    this.#enterHandler(pe, event, record);
    return true;
  }

  /**
   * What the PE can take: signalled, registered, enabled, not running, routed here, and the PE not masked; a normal event
   * where no handler runs, a critical one also within a normal one's (DEN0054A, 4.4 and 6.2). Critical before normal.
   */
  #next(pe: Pe): number {
    if (this.#masked[pe.index] !== 0 || pe.secure) return NONE;
    const depth = this.#contexts.depth(pe.index);
    if (depth >= MAX_NESTING) return NONE;
    if (depth > 0 && this.#records.critical(this.#contexts.running(pe.index))) return NONE;
    let found = NONE;
    for (let event = 0; event < this.#records.events.length; event++) {
      const critical = this.#records.critical(event);
      if (!critical && (depth > 0 || found !== NONE)) continue;
      if (!this.#canRun(event, pe)) continue;
      if (critical) return event;
      found = event;
    }
    return found;
  }

  #canRun(event: number, pe: Pe): boolean {
    const records = this.#records;
    const record = records.record(event, pe.index);
    if (records.pending[record] === 0) return false;
    if (nextSdeiState(records.state[record] as number, 'dispatch') === SDEI_FORBIDDEN) return false;
    if (!records.shared(event) || records.routing[event] !== ROUTE_PE) return true;
    return (
      pe.affinity === packedAffinity(records.affinity[2 * event] as number, records.affinity[2 * event + 1] as number)
    );
  }

  /** X0 the event, X1 the handler's argument, X2 and X3 PC and PSTATE of what is interrupted (DEN0054A, 4.5). */
  #enterHandler(pe: Pe, event: number, record: number): void {
    const { w } = pe;
    const { handler } = this.#records;
    switchTo(pe, this.clientLevel, 'a64', ALL_MASKED | (this.clientLevel << 2) | 1);
    w[0] = this.#records.number(event);
    w[1] = 0;
    w[2] = handler[4 * record + 2] as number;
    w[3] = handler[4 * record + 3] as number;
    w[4] = this.#contexts.pcLow(pe.index);
    w[5] = this.#contexts.pcHigh(pe.index);
    w[6] = this.#contexts.pstate(pe.index);
    w[7] = 0;
    w[2 * PC] = handler[4 * record] as number;
    w[2 * PC + 1] = handler[4 * record + 1] as number;
  }
}

/** The affinity fields of an MPIDR in two halves, packed as `Pe.affinity` is; other bits do not count. */
export function packedAffinity(low: number, high: number): number {
  return (low & 0x00ff_ffff) | ((high & 0xff) << 24);
}

/** PSTATE at which a client goes on after SDEI_EVENT_COMPLETE_AND_RESUME: as at an exception's entry. */
export function resumePstate(level: ExceptionLevel): number {
  return ALL_MASKED | (level << 2) | 1;
}
