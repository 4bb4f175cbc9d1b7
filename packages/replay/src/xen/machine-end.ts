import type { SystemEvent } from '@trapline/core';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';

/** What became of the machine. */
export type MachineState = 'off' | 'reset' | 'running';

const STATES: { readonly [E in SystemEvent['event']]: MachineState } = {
  shutdown: 'off',
  off2: 'off',
  reset: 'reset',
  reset2: 'reset',
  crash: 'reset',
  suspend: 'running',
};

const NS_PER_MS = 1_000_000n;

/** Hears what the control domain does to the whole machine, and when. */
export class MachineEnd {
  #state: MachineState = 'running';
  #time = 0n;

  constructor({ guest, settings }: DomainSide, stage: Stage) {
    if (!settings.privileged) return;
    guest.ports.system.events$.subscribe(({ event, detail }) => {
      if (this.#state !== 'running') return;
      this.#state = STATES[event];
      this.#time = stage.clock.now() + BigInt(detail.afterMs ?? 0) * NS_PER_MS;
    });
  }

  get state(): MachineState {
    return this.#state;
  }

  /** When it ends, in nanoseconds of the stage's clock: at the event, or as much later as that says. */
  get time(): bigint {
    return this.#time;
  }
}
