import type { Saved } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { SHUTDOWN } from '../abi/structures/sched.js';
import type { Domain } from '../domain/domain.js';
import { SavedState } from '../domain/saved-state.js';

/** Watchdogs of a domain (xen/sched.h, NR_DOMAIN_WATCHDOG_TIMERS). */
export const WATCHDOGS = 2;

const NANOSECONDS = 1_000_000_000n;

interface Watchdog {
  readonly due: bigint;
  cancel: () => void;
}

/** The timers by which a guest lets itself be shut down when it hangs (SCHEDOP_watchdog). */
export class Watchdogs {
  readonly #domain: Domain;
  readonly #running: (Watchdog | undefined)[] = new Array(WATCHDOGS).fill(undefined);

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  /**
   * Starts a watchdog (id 0), pets or stops one (timeout 0). Gives the new one's id, 0, -EINVAL for an id that is not
   * running, or -ENOSPC where all run.
   */
  set(id: number, seconds: number): number {
    if (id > WATCHDOGS) return -ERRNO.EINVAL;
    if (id === 0) {
      const free = this.#running.indexOf(undefined);
      if (free < 0) return -ERRNO.ENOSPC;
      this.#start(free, seconds);
      return free + 1;
    }
    if (this.#running[id - 1] === undefined) return -ERRNO.EINVAL;
    this.#stop(id - 1);
    if (seconds !== 0) this.#start(id - 1, seconds);
    return 0;
  }

  /** Stops all. */
  reset(): void {
    for (let i = 0; i < WATCHDOGS; i++) this.#stop(i);
  }

  save(): Saved {
    return this.#running.map((watchdog) => (watchdog === undefined ? null : { due: `${watchdog.due}` }));
  }

  restore(saved: Saved): void {
    const due = new SavedState({ running: saved }, 'watchdogs')
      .list('running', WATCHDOGS)
      .map((one) => (one === null ? undefined : new SavedState(one, 'watchdog').bigint('due')));
    this.reset();
    due.forEach((time, i) => {
      if (time !== undefined) this.#arm(i, time);
    });
  }

  #start(index: number, seconds: number): void {
    const now = this.#domain.guest?.ports.clock.now() ?? 0n;
    this.#arm(index, now + BigInt(seconds) * NANOSECONDS);
  }

  #arm(index: number, due: bigint): void {
    const { guest } = this.#domain;
    if (guest === undefined) return;
    const watchdog: Watchdog = { due, cancel: () => {} };
    this.#running[index] = watchdog;
    watchdog.cancel = guest.ports.clock.at(due, () => {
      this.#domain.shutdown(SHUTDOWN.watchdog);
    });
  }

  #stop(index: number): void {
    this.#running[index]?.cancel();
    this.#running[index] = undefined;
  }
}
