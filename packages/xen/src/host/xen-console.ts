import { RestoreError, type Saved } from '@trapline/core';
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import type { Domain } from '../domain/domain.js';

/** Bytes of Xen's console ring (CONFIG_CONRING_SHIFT, 14 where nobody sets it). */
const CONSOLE_RING_BYTES = 16384;
/** Bytes of a domain's unfinished line (DOMAIN_PBUF_SIZE). */
const LINE_BYTES = 200;
/** Bytes typed at the console that wait to be read (SERIAL_RX_SIZE). */
const INPUT_BYTES = 128;

/** Something that a domain has written to Xen's own console. */
export interface ConsoleOutput {
  readonly domain: number;
  readonly text: string;
}

/** Xen's own console: lines of ordinary domains, bytes of the control domain, what is typed (drivers/char/console.c). */
export class XenConsole {
  /** What comes out, as it comes: whole lines of ordinary domains with the domain's mark, the control domain's bytes. */
  readonly output$: Observable<ConsoleOutput>;
  readonly #output = new Subject<ConsoleOutput>();
  readonly #ring = new Uint8Array(CONSOLE_RING_BYTES);
  readonly #lines = new Map<number, string>();
  /** Bytes written to the ring ever, and those that readers have cleared. */
  #produced = 0;
  #consumed = 0;
  #input: number[] = [];

  constructor() {
    this.output$ = this.#output.asObservable();
  }

  /** Writes a part of a domain's output; gives how many bytes it took: a line's end ends the part. */
  write(domain: Domain, bytes: Uint8Array): number {
    if (domain.privileged) {
      this.#put(domain.id, decode(bytes));
      return bytes.length;
    }
    const end = bytes.indexOf(NEWLINE);
    const taken = end < 0 ? bytes.length : end + 1;
    const text = decode(bytes.subarray(0, end < 0 ? taken : end).filter(isPrintable));
    const line = this.#lines.get(domain.id) ?? '';
    if (end < 0 && line.length + text.length < LINE_BYTES - 1) this.#lines.set(domain.id, line + text);
    else {
      this.#lines.delete(domain.id);
      this.#put(domain.id, `(d${domain.id}) ${line}${text}\n`);
    }
    return taken;
  }

  /** Types at the console: the control domain reads it. What does not fit is lost. */
  type(bytes: Uint8Array): void {
    for (const byte of bytes) if (this.#input.length < INPUT_BYTES) this.#input.push(byte);
  }

  /** What is typed and not read yet, at most `count` bytes; it stays until {@link taken}. */
  typed(count: number): Uint8Array {
    return Uint8Array.from(this.#input.slice(0, count));
  }

  /** That many bytes were read. */
  taken(count: number): void {
    this.#input = this.#input.slice(count);
  }

  /** Where readers of the ring stand: the first byte that is kept, and the end. */
  get span(): { readonly from: number; readonly to: number } {
    return { from: Math.max(this.#consumed, this.#produced - CONSOLE_RING_BYTES), to: this.#produced };
  }

  /** Bytes of the ring between two positions of {@link span}. */
  read(from: number, to: number): Uint8Array {
    return Uint8Array.from({ length: to - from }, (_, i) => this.#ring[(from + i) % CONSOLE_RING_BYTES] as number);
  }

  /** Forgets what lies before a position. */
  clear(position: number): void {
    this.#consumed = position;
  }

  /** A domain goes: its unfinished line is dropped. */
  forget(domain: Domain): void {
    this.#lines.delete(domain.id);
  }

  /** Forgets everything that was written and typed. */
  reset(): void {
    this.#lines.clear();
    this.#produced = 0;
    this.#consumed = 0;
    this.#input = [];
  }

  save(): Saved {
    const { from, to } = this.span;
    return {
      text: [...this.read(from, to)],
      input: [...this.#input],
      lines: [...this.#lines].map(([id, line]) => [id, line]),
    };
  }

  restore(saved: Saved): void {
    const record = (typeof saved === 'object' && saved !== null ? saved : {}) as Readonly<Record<string, Saved>>;
    const text = bytesOf(record.text, CONSOLE_RING_BYTES);
    const input = bytesOf(record.input, INPUT_BYTES);
    const lines = linesOf(record.lines);
    this.#lines.clear();
    for (const [id, line] of lines) this.#lines.set(id, line);
    this.#ring.set(text);
    this.#produced = text.length;
    this.#consumed = 0;
    this.#input = [...input];
  }

  dispose(): void {
    this.#output.complete();
  }

  #put(domain: number, text: string): void {
    for (const byte of new TextEncoder().encode(text)) this.#ring[this.#produced++ % CONSOLE_RING_BYTES] = byte;
    this.#output.next({ domain, text });
  }
}

const NEWLINE = 10;
const TAB = 9;

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === TAB;
}

/** Bytes as characters, one for one: a console has no encoding. */
function decode(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function bytesOf(saved: Saved | undefined, limit: number): readonly number[] {
  const good =
    Array.isArray(saved) &&
    saved.length <= limit &&
    saved.every((byte) => typeof byte === 'number' && Number.isInteger(byte) && byte >= 0 && byte < 0x100);
  if (!good) throw new RestoreError(`xen: the console keeps at most ${limit} bytes`);
  return saved as readonly number[];
}

function linesOf(saved: Saved | undefined): readonly (readonly [number, string])[] {
  const good =
    Array.isArray(saved) &&
    saved.every(
      (entry) =>
        Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'number' && typeof entry[1] === 'string',
    );
  if (!good) throw new RestoreError('xen: the console keeps unfinished lines by domain');
  return saved as unknown as readonly (readonly [number, string])[];
}
