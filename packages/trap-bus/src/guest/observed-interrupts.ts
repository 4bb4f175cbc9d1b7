import type { InterruptPort, Pe } from '@trapline/core';
import type { Subject } from 'rxjs';
import type { InterruptChange } from '../streams/events.js';

/** The interrupt port as services get it: the embedder's or the default model's, observed, and waking who waits. */
export class ObservedInterrupts implements InterruptPort {
  readonly #guest: string;
  readonly #inner: InterruptPort;
  readonly #changes: Subject<InterruptChange>;
  readonly #changed: () => void;

  constructor(guest: string, inner: InterruptPort, changes: Subject<InterruptChange>, changed: () => void) {
    this.#guest = guest;
    this.#inner = inner;
    this.#changes = changes;
    this.#changed = changed;
  }

  setLevel(pe: Pe, intid: number, asserted: boolean): void {
    this.#inner.setLevel(pe, intid, asserted);
    if (this.#changes.observed) this.#emit(pe, intid, asserted ? 'asserted' : 'deasserted');
    if (asserted) this.#changed();
  }

  pulse(pe: Pe, intid: number): void {
    this.#inner.pulse(pe, intid);
    if (this.#changes.observed) this.#emit(pe, intid, 'pulsed');
    this.#changed();
  }

  pending(pe: Pe): boolean {
    return this.#inner.pending(pe);
  }

  inFlight(pe: Pe, intid: number): boolean | undefined {
    return this.#inner.inFlight?.(pe, intid);
  }

  #emit(pe: Pe, intid: number, change: InterruptChange['change']): void {
    this.#changes.next({ guest: this.#guest, vcpu: pe.index, intid, change });
  }
}
