import type { SharedWords } from '@trapline/core';
import { CONSOLE_INTERFACE } from '../console/console-ring.js';
import { ByteRing, RING_CORRUPT } from '../rings/byte-ring.js';
import type { RingSignals } from './ring-signals.js';
import { Steps, type Work } from './steps.js';

/** The domain's own console: a ring of bytes each way. */
export class RingConsole {
  readonly #input: ByteRing;
  readonly #output: ByteRing;
  readonly #signals: RingSignals;

  constructor(words: SharedWords, signals: RingSignals) {
    this.#input = new ByteRing(words, CONSOLE_INTERFACE.input);
    this.#output = new ByteRing(words, CONSOLE_INTERFACE.output);
    this.#signals = signals;
  }

  /** Writes all of it: waits while the ring is full. */
  write(text: string | Uint8Array): Steps<void> {
    return new Steps(this.#write(typeof text === 'string' ? new TextEncoder().encode(text) : text));
  }

  /** What was typed and not read yet. */
  read(): Uint8Array {
    const bytes = new Uint8Array(CONSOLE_INTERFACE.input.size);
    const read = Math.max(0, this.#input.consume(bytes, 0, bytes.length));
    if (read > 0) this.#signals.notify();
    return bytes.subarray(0, read);
  }

  *#write(bytes: Uint8Array): Work<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = this.#output.produce(bytes, at, bytes.length);
      // Nobody can read such a ring any more: output is lost, as where nobody listens.
      if (count === RING_CORRUPT) return;
      at += count;
      if (count > 0) this.#signals.notify();
      else yield* this.#signals.wait();
    }
  }
}
