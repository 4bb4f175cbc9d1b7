import { ATTENTION_TIMEOUT_MS, MonitorError, type MonitorLink } from '../monitor/link.js';
import { Patience } from './patience.js';

/** Brings CPU 0 into the monitor, and sees to it that it comes. */
export class Attention {
  readonly #link: Pick<MonitorLink, 'attention'>;
  readonly #late: (error: MonitorError) => void;
  readonly #patience = new Patience();
  #called = false;

  constructor(link: Pick<MonitorLink, 'attention'>, late: (error: MonitorError) => void) {
    this.#link = link;
    this.#late = late;
  }

  /** Calls it, once until it has come. */
  call(): void {
    if (this.#called) return;
    this.#called = true;
    this.#link.attention();
    const words = `CPU 0 was called and has not come into the monitor within ${ATTENTION_TIMEOUT_MS} ms`;
    this.#patience.begin(ATTENTION_TIMEOUT_MS, () => this.#late(new MonitorError(words)));
  }

  /** It has come, or nobody waits for it any more. */
  end(): void {
    this.#called = false;
    this.#patience.end();
  }
}
