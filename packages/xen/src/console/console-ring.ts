import { RestoreError, type Saved, type SharedWords } from '@trapline/core';
import { type Observable, Subject } from 'rxjs';
import { ByteRing, type ByteRingLayout } from '../rings/byte-ring.js';
import { bytesToText, textToBytes } from '../rings/text.js';

/** Where `xencons_interface` has its two rings (public/io/console.h), in 32-bit words. */
export const CONSOLE_INTERFACE: { readonly input: ByteRingLayout; readonly output: ByteRingLayout } = {
  input: { bytes: 0, size: 1024, consumer: 768, producer: 769 },
  output: { bytes: 256, size: 2048, consumer: 770, producer: 771 },
};

/** Bytes of input that wait here while the guest's ring is full; more are refused. */
export const CONSOLE_QUEUE_BYTES = 65_536;

const encoder = new TextEncoder();

/**
 * The host's side of a paravirtual console: what a guest prints as a stream, and what it is to read. A guest whose indices
 * cannot be is not heard, until they can be again; it loses only its own characters.
 */
export class ConsoleRing {
  readonly #input: ByteRing;
  readonly #output: ByteRing;
  readonly #notify: () => void;
  readonly #printed = new Subject<Uint8Array>();
  readonly #drained = new Subject<void>();
  #queue: Uint8Array[] = [];
  #queued = 0;
  #closed = false;

  /** `notify` signals the guest. */
  constructor(words: SharedWords, notify: () => void) {
    this.#input = new ByteRing(words, CONSOLE_INTERFACE.input);
    this.#output = new ByteRing(words, CONSOLE_INTERFACE.output);
    this.#notify = notify;
  }

  /** What the guest prints, in pieces as they come. What nobody listens to is lost. */
  get output$(): Observable<Uint8Array> {
    return this.#printed.asObservable();
  }

  /** Tells when all input is in the guest's ring again, after some had to wait. */
  get drained$(): Observable<void> {
    return this.#drained.asObservable();
  }

  /** Bytes of input that are not in the guest's ring yet. */
  get queued(): number {
    return this.#queued;
  }

  /**
   * Gives the guest input, text as UTF-8. What does not fit into its ring waits; false, and nothing taken, where more than
   * {@link CONSOLE_QUEUE_BYTES} would wait, and after {@link close}.
   */
  write(data: string | Uint8Array): boolean {
    const bytes = typeof data === 'string' ? encoder.encode(data) : data.slice();
    if (this.#closed || this.#queued + bytes.length > CONSOLE_QUEUE_BYTES) return false;
    if (bytes.length === 0) return true;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#feed()) this.#notify();
    return true;
  }

  /** The guest signals: takes what it printed, at most one ring full, and gives it what waits. */
  events(): void {
    if (this.#closed) return;
    const bytes = new Uint8Array(CONSOLE_INTERFACE.output.size);
    const count = this.#output.consume(bytes, 0, bytes.length);
    const waited = this.#queued > 0;
    const fed = this.#feed();
    if (count > 0 || fed) this.#notify();
    if (count > 0) this.#printed.next(bytes.subarray(0, count));
    if (waited && this.#queued === 0) this.#drained.next();
  }

  /** Ends its streams, and touches the page no more; the input that waits is lost. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queued = 0;
    this.#printed.complete();
    this.#drained.complete();
  }

  /** The input that waits. */
  save(): Saved {
    const all = new Uint8Array(this.#queued);
    let at = 0;
    for (const bytes of this.#queue) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return bytesToText(all);
  }

  /** Takes back what {@link save} gave. Throws `RestoreError` for anything else. */
  restore(saved: Saved): void {
    if (typeof saved !== 'string' || saved.length > CONSOLE_QUEUE_BYTES) {
      throw new RestoreError(`xen: the input of a console is a text of at most ${CONSOLE_QUEUE_BYTES} bytes`);
    }
    this.#queue = saved === '' ? [] : [textToBytes(saved)];
    this.#queued = saved.length;
  }

  #feed(): boolean {
    let fed = false;
    for (let bytes = this.#queue[0]; bytes !== undefined; bytes = this.#queue[0]) {
      const count = this.#input.produce(bytes, 0, bytes.length);
      if (count <= 0) break;
      fed = true;
      this.#queued -= count;
      if (count === bytes.length) this.#queue.shift();
      else this.#queue[0] = bytes.subarray(count);
    }
    return fed;
  }
}
