import type { LogPort } from '@trapline/core';

/** Messages that the default log keeps; older ones go. Guests can make services talk: nothing grows with it. */
export const MAX_LOG_MESSAGES = 256;
/** Characters of one message; the rest is cut. */
export const MAX_LOG_LENGTH = 512;

/** One message of a service. */
export interface LogMessage {
  readonly severity: Parameters<LogPort['log']>[0];
  readonly source: string;
  readonly message: string;
}

/** Keeps the last messages, and counts how many went. */
export class LimitedLog implements LogPort {
  readonly #ring: LogMessage[] = [];
  #next = 0;
  #dropped = 0;

  log(severity: LogMessage['severity'], source: string, message: string): void {
    const entry = { severity, source: source.slice(0, MAX_LOG_LENGTH), message: message.slice(0, MAX_LOG_LENGTH) };
    if (this.#ring.length === MAX_LOG_MESSAGES) this.#dropped++;
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % MAX_LOG_MESSAGES;
  }

  /** The messages that are left, oldest first. */
  get messages(): readonly LogMessage[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  /** How many went to make room. */
  get dropped(): number {
    return this.#dropped;
  }

  clear(): void {
    this.#ring.length = 0;
    this.#next = 0;
    this.#dropped = 0;
  }
}
