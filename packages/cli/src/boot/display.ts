import type { Io, Live } from '../io.js';

/** Milliseconds between two looks of a terminal's display. */
const REFRESH_MS = 250;
/** Most of what a guest wrote that waits for somebody to read it; more is lost. */
const MAX_UNREAD_BYTES: number = 16 * 2 ** 20;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Tells how a boot goes: on a terminal in one line that is kept current below what the guest writes, elsewhere in a line
 * for each phase.
 */
export class Display {
  readonly #io: Io;
  readonly #live: Live | undefined;
  readonly #calls: () => number;
  readonly #since = performance.now();
  #phase = '';
  #shown = '';
  #lastCalls = 0;
  #rate = 0;
  #column = 0;
  #lost = 0;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(io: Io, live: Live | undefined, calls: () => number) {
    this.#io = io;
    this.#live = live;
    this.#calls = calls;
    this.#timer = live === undefined ? undefined : setInterval(() => this.#refresh(), REFRESH_MS);
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#since) / 1000;
  }

  phase(words: string): void {
    this.#phase = words;
    if (this.#live !== undefined) this.#draw();
    else {
      const apart = this.#column > 0 ? '\n' : '';
      this.#io.err(`${apart}trapline: boot: ${words} (${this.seconds.toFixed(2)} s)\n`);
    }
  }

  /** What the guest writes goes to the results, above the line. */
  guest(text: string): void {
    if ((this.#io.unread?.() ?? 0) > MAX_UNREAD_BYTES) {
      this.#lost += text.length;
      return;
    }
    this.#tellLost();
    this.#clear();
    this.#io.out(text);
    const end = text.lastIndexOf('\n');
    this.#column = end < 0 ? this.#column + text.length : text.length - end - 1;
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
    if (this.#column > 0) this.#io.out('\n');
    this.#tellLost();
  }

  #tellLost(): void {
    if (this.#lost > 0) this.#io.out(`\n[${this.#lost} characters were not read, and are lost]\n`);
    this.#lost = 0;
  }

  #refresh(): void {
    const calls = this.#calls();
    this.#rate = Math.round((calls - this.#lastCalls) * (1000 / REFRESH_MS));
    this.#lastCalls = calls;
    this.#draw();
  }

  /** Nothing is drawn into a line that the guest has begun. */
  #draw(): void {
    if (this.#live === undefined || this.#column > 0) return;
    const words = `${this.#phase} · ${this.#calls()} calls, ${this.#rate}/s · ${this.seconds.toFixed(1)} s`;
    this.#shown = words.slice(0, this.#io.columns - 1);
    this.#live.status(`${CLEAR_LINE}${this.#io.style('dim', this.#shown)}`);
  }

  #clear(): void {
    if (this.#live === undefined || this.#shown === '') return;
    this.#live.status(CLEAR_LINE);
    this.#shown = '';
  }
}
