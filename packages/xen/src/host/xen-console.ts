import { RestoreError, type Saved } from '@trapline/core';
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import type { Domain } from '../domain/domain.js';
import { ConsoleLine, isPrintable, lineEnd } from './console-line.js';

/** Bytes of Xen's console ring (CONFIG_CONRING_SHIFT, 14 where nobody sets it). */
const CONSOLE_RING_BYTES = 16384;
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
  /** Lines of ordinary domains that are not whole yet. */
  readonly #lines = new Map<number, ConsoleLine>();
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
      for (let i = 0; i < bytes.length; i++) this.#put(bytes[i] as number);
      this.#tell(domain.id, bytes.length);
      return bytes.length;
    }
    const line = this.#lineOf(domain.id);
    const end = lineEnd(bytes);
    if (end < bytes.length || !line.add(bytes, end)) this.#finish(domain.id, line, bytes, end);
    return Math.min(end + 1, bytes.length);
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
      lines: [...this.#lines]
        .filter(([, line]) => line.length > 0)
        .map(([id, line]) => [id, decode(line.bytes.subarray(0, line.length))]),
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

  #lineOf(domain: number): ConsoleLine {
    let line = this.#lines.get(domain);
    if (line === undefined) {
      line = new ConsoleLine(domain);
      this.#lines.set(domain, line);
    }
    return line;
  }

  /** Writes what there is of a line, and what is printable of the bytes before its end. */
  #finish(domain: number, line: ConsoleLine, bytes: Uint8Array, end: number): void {
    const from = this.#produced;
    for (let i = 0; i < line.mark.length; i++) this.#put(line.mark[i] as number);
    for (let i = 0; i < line.length; i++) this.#put(line.bytes[i] as number);
    for (let i = 0; i < end; i++) if (isPrintable(bytes[i] as number)) this.#put(bytes[i] as number);
    this.#put(NEWLINE);
    line.length = 0;
    this.#tell(domain, this.#produced - from);
  }

  #put(byte: number): void {
    this.#ring[this.#produced % CONSOLE_RING_BYTES] = byte;
    this.#produced++;
  }

  /** Passes the last bytes on to who listens. Without anybody, no text is made of them. */
  #tell(domain: number, count: number): void {
    if (count > 0 && this.#output.observed) {
      this.#output.next({ domain, text: decode(this.read(this.#produced - count, this.#produced)) });
    }
  }
}

const NEWLINE = 10;

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

function linesOf(saved: Saved | undefined): readonly (readonly [number, ConsoleLine])[] {
  const good =
    Array.isArray(saved) &&
    saved.every(
      (entry) =>
        Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'number' && typeof entry[1] === 'string',
    );
  if (!good) throw new RestoreError('xen: the console keeps unfinished lines by domain');
  return (saved as unknown as readonly (readonly [number, string])[]).map(([id, text]) => {
    const line = new ConsoleLine(id);
    if (!line.restore(text)) throw new RestoreError('xen: an unfinished line of the console is too long');
    return [id, line];
  });
}
