import type { QemuMachine } from '@trapline/qemu';
import type { Display } from './display.js';
import type { XenSide } from './xen-side.js';

/** Longest time that a guest is given to power off when it was asked to, in milliseconds. */
export const POWER_OFF_TIMEOUT_MS = 60_000;

/** What an {@link Ending} needs of what is ended. */
type Ended = Pick<QemuMachine, 'stop'>;
type Asked = Pick<XenSide, 'powerOff' | 'isStored'>;
type Told = Pick<Display, 'phase'>;

/** Ends a guest from outside: it is asked to power off where it listens, else its machine is stopped. */
export class Ending {
  readonly #machine: Ended;
  readonly #xen: Asked;
  readonly #display: Told;
  readonly #timers: NodeJS.Timeout[] = [];
  #interrupted = false;

  constructor(machine: Ended, xen: Asked, display: Told) {
    this.#machine = machine;
    this.#xen = xen;
    this.#display = display;
  }

  /** Stops the machine after so many seconds. */
  stopAfter(seconds: number): void {
    this.#timers.push(setTimeout(() => this.#stop(), seconds * 1000));
  }

  /** Asks the guest, and stops its machine when {@link POWER_OFF_TIMEOUT_MS} have passed; false for one that does not listen. */
  powerOff(): boolean {
    const asked = this.#xen.powerOff();
    this.#display.phase(asked ? 'the guest was asked to power off' : 'the guest does not hear that it is to power off');
    if (asked) this.stopAfter(POWER_OFF_TIMEOUT_MS / 1000);
    return asked;
  }

  /** Somebody wants it to end: the first time it is asked, the second time it is stopped. */
  interrupt(): void {
    if (this.#interrupted || !this.#xen.isStored || !this.powerOff()) this.#stop();
    this.#interrupted = true;
  }

  /** It has ended: nothing is done any more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #stop(): void {
    void this.#machine.stop();
  }
}
