import type { Pe, SystemEvent, SystemPort } from '@trapline/core';
import { type Observable, Subject } from 'rxjs';

/** The default system port: a stream. What comes of an event is the embedder's to decide ({@link Guest.decide}). */
export class SystemEvents implements SystemPort {
  readonly #events = new Subject<SystemEvent>();
  readonly events$: Observable<SystemEvent> = this.#events.asObservable();

  raise(event: SystemEvent, _pe: Pe): void {
    this.#events.next(event);
  }

  complete(): void {
    this.#events.complete();
  }
}
