/** How often it is looked whether time is over, in milliseconds. */
const TICK_MS = 1000;

/**
 * A limit to how long something may take. What counts is time in which this process ran: one that was stopped, and goes on
 * later, has not waited.
 */
export class Patience {
  #timer: NodeJS.Timeout | undefined = undefined;

  /** Begins to wait, anew where it waits already. `over` is called when so many milliseconds are over. */
  begin(milliseconds: number, over: () => void): void {
    this.end();
    let left = milliseconds;
    this.#timer = setInterval(() => {
      left -= TICK_MS;
      if (left > 0) return;
      this.end();
      over();
    }, TICK_MS);
  }

  /** What was waited for has come. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
