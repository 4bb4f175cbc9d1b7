import { Subject } from 'rxjs';
import type { CallEvent } from './call-event.js';
import type { InterruptChange, PowerChange } from './events.js';

/** The sources of a machine's streams: nothing is built for one that nobody observes. */
export class Streams {
  readonly calls: Subject<CallEvent> = new Subject<CallEvent>();
  readonly power: Subject<PowerChange> = new Subject<PowerChange>();
  readonly interrupts: Subject<InterruptChange> = new Subject<InterruptChange>();

  complete(): void {
    this.calls.complete();
    this.power.complete();
    this.interrupts.complete();
  }
}
