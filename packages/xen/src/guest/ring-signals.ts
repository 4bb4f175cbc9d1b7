import type { EventPorts } from './events/channels.js';
import type { Scheduling } from './scheduling.js';
import type { Work } from './steps.js';

/** How one side of a ring wakes the other, and waits for it. */
export interface RingSignals {
  /** Sends the event of the ring's channel. */
  notify(): void;
  /** Keeps the CPU until the other side has sent one. */
  wait(): Work<void>;
}

/** A ring's signals by its event channel. The port may be masked: a poll sees it all the same. */
export function signalsOf(events: EventPorts, scheduling: Scheduling, port: number): RingSignals {
  return {
    notify: () => {
      events.send(port);
    },
    *wait() {
      yield* scheduling.poll([port]);
      // Before the ring is looked at: what comes afterwards sets it anew.
      events.clear(port);
    },
  };
}
