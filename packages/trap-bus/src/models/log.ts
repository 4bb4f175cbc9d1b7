import { type ClockPort, CompositionError, type LogPort, type Saved } from '@trapline/core';
import { type Observable, Subject } from 'rxjs';
import { hexOf, SavedRecord } from './saved.js';

/** How much a message matters. */
export type Severity = Parameters<LogPort['log']>[0];

/** Messages that a log keeps, unless its composition says otherwise; older ones go. */
export const DEFAULT_LOG_CAPACITY = 1024;
/** Most messages that a log can be made to keep. */
export const MAX_LOG_CAPACITY: number = 2 ** 20;
/** Messages of one severity that pass in one interval; more are dropped, counted, and the count is said. */
export const DEFAULT_LOG_BURST = 256;
/** Nanoseconds of an interval. */
export const DEFAULT_LOG_INTERVAL = 1_000_000_000n;
/** Characters of a message that are kept, of a source a quarter of that. */
export const MAX_LOG_MESSAGE = 1024;

const SEVERITIES: readonly Severity[] = ['debug', 'info', 'warning', 'error'];
const FORMAT = 'trapline.log/1';

/** One message. */
export interface LogEntry {
  /** Time of the clock, in nanoseconds; 0 without a clock. */
  readonly time: bigint;
  readonly severity: Severity;
  readonly source: string;
  readonly message: string;
}

/** Choices about a log. */
export interface LogOptions {
  readonly capacity?: number;
  readonly burst?: number;
  readonly interval?: bigint;
  /** By whose time the rate is limited; without, it is not. */
  readonly clock?: Pick<ClockPort, 'now'>;
}

/** Throws {@link CompositionError} for a capacity outside 1 to {@link MAX_LOG_CAPACITY}, or a burst or interval below 1. */
export function createLog(options: LogOptions = {}): Log {
  return new Log(options);
}

/**
 * The default model behind {@link LogPort}: bounded in number, length and rate, because guests can make services talk.
 * Control characters are shown, not passed on: a message may hold what a guest wrote. Made by {@link createLog}.
 */
export class Log implements LogPort {
  /** Every message that is kept, as it comes. */
  readonly entries$: Observable<LogEntry>;
  readonly #subject = new Subject<LogEntry>();
  readonly #capacity: number;
  readonly #burst: number;
  readonly #interval: bigint;
  readonly #clock: Pick<ClockPort, 'now'> | undefined;
  #ring: LogEntry[] = [];
  #oldest = 0;
  #lost = 0;
  #windows = openWindows();

  constructor(options: LogOptions) {
    const { capacity = DEFAULT_LOG_CAPACITY, burst = DEFAULT_LOG_BURST, interval = DEFAULT_LOG_INTERVAL } = options;
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_LOG_CAPACITY) {
      throw new CompositionError(`a log of ${capacity} messages`, `give a capacity from 1 to ${MAX_LOG_CAPACITY}`);
    }
    if (!(burst >= 1) || interval < 1n) {
      throw new CompositionError(`a log with ${burst} messages in ${interval} ns`, 'give at least 1 of each');
    }
    this.#capacity = capacity;
    this.#burst = burst;
    this.#interval = interval;
    this.#clock = options.clock;
    this.entries$ = this.#subject.asObservable();
  }

  /** The messages that are left, oldest first. */
  get entries(): readonly LogEntry[] {
    return [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)];
  }

  /** How many messages the rate kept out, by severity. */
  get limited(): Readonly<Record<Severity, number>> {
    const counts = SEVERITIES.map((severity) => [severity, this.#windows[severity].limited] as const);
    return Object.fromEntries(counts) as Record<Severity, number>;
  }

  /** How many messages went to make room for newer ones. */
  get overwritten(): number {
    return this.#lost;
  }

  log(severity: Severity, source: string, message: string): void {
    const time = this.#clock?.now() ?? 0n;
    const window = this.#windows[severity];
    if (this.#clock && (time >= window.start + this.#interval || time < window.start)) {
      window.start = time;
      window.passed = 0;
    }
    if (this.#clock && window.passed >= this.#burst) {
      window.limited++;
      window.unsaid++;
      return;
    }
    window.passed++;
    if (window.unsaid > 0) {
      this.#keep({ time, severity, source: 'log', message: `${window.unsaid} messages (${severity}) were dropped` });
      window.unsaid = 0;
    }
    this.#keep({
      time,
      severity,
      source: clean(source, MAX_LOG_MESSAGE / 4),
      message: clean(message, MAX_LOG_MESSAGE),
    });
  }

  /** Forgets everything. */
  clear(): void {
    this.#ring = [];
    this.#oldest = 0;
    this.#lost = 0;
    this.#windows = openWindows();
  }

  /** Ends {@link entries$}. */
  dispose(): void {
    this.#subject.complete();
  }

  save(): Saved {
    return {
      format: FORMAT,
      lost: this.#lost,
      entries: this.entries.map(({ time, ...words }) => ({ time: hexOf(time), ...words })),
      windows: SEVERITIES.map((severity) => {
        const { start, ...counts } = this.#windows[severity];
        return { start: hexOf(start), ...counts };
      }),
    };
  }

  /** Takes back what {@link save} gave. Throws `RestoreError`, and changes nothing, for anything else. */
  restore(saved: Saved): void {
    const record = SavedRecord.open(saved, FORMAT);
    const most = Number.MAX_SAFE_INTEGER;
    const entries = record.records('entries').map((entry): LogEntry => {
      const severity = SEVERITIES.find((one) => one === entry.text('severity'));
      if (!severity) throw entry.error('no severity');
      const source = clean(entry.text('source'), MAX_LOG_MESSAGE);
      return { time: entry.big('time'), severity, source, message: clean(entry.text('message'), 4 * MAX_LOG_MESSAGE) };
    });
    const windows = record.records('windows').map((window) => ({
      start: window.big('start'),
      passed: window.integer('passed', 0, most),
      limited: window.integer('limited', 0, most),
      unsaid: window.integer('unsaid', 0, most),
    }));
    const lost = record.integer('lost', 0, most);
    if (entries.length > this.#capacity || windows.length !== SEVERITIES.length) {
      throw record.error(`saved from a log of more than ${this.#capacity} messages`);
    }
    this.#ring = entries;
    this.#oldest = 0;
    this.#lost = lost;
    SEVERITIES.forEach((severity, i) => {
      this.#windows[severity] = windows[i] as RateWindow;
    });
  }

  #keep(entry: LogEntry): void {
    if (this.#ring.length < this.#capacity) this.#ring.push(entry);
    else {
      this.#ring[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
      this.#lost++;
    }
    this.#subject.next(entry);
  }
}

/** What one severity has used of its interval. */
interface RateWindow {
  start: bigint;
  passed: number;
  limited: number;
  /** Dropped messages of which no entry tells yet. */
  unsaid: number;
}

function openWindows(): Record<Severity, RateWindow> {
  const open = (): RateWindow => ({ start: 0n, passed: 0, limited: 0, unsaid: 0 });
  return { debug: open(), info: open(), warning: open(), error: open() };
}

/** Cut, and with control characters as `\x1b`: what a guest wrote must not drive a terminal. */
function clean(text: string, length: number): string {
  const cut = text.length > length ? `${text.slice(0, length)}…` : text;
  return cut.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
