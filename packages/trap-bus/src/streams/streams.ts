import { Observable, Subject } from 'rxjs';
import type { CallEvent } from './call-event.js';
import type { InterruptChange, PowerChange } from './events.js';

/** The sources of a machine's streams: nothing is built for one that nobody observes. */
export class Streams {
  readonly calls: Subject<CallEvent> = new Subject<CallEvent>();
  readonly power: Subject<PowerChange> = new Subject<PowerChange>();
  readonly interrupts: Subject<InterruptChange> = new Subject<InterruptChange>();

  /** The calls as the outside sees them. `changed` hears whenever an observer comes or goes. */
  callsTelling(changed: () => void): Observable<CallEvent> {
    return new Observable((observer) => {
      const subscription = this.calls.subscribe(observer);
      changed();
      return () => {
        subscription.unsubscribe();
        changed();
      };
    });
  }

  complete(): void {
    this.calls.complete();
    this.power.complete();
    this.interrupts.complete();
  }
}
