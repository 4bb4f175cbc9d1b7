/** Bytes of a domain's unfinished line (DOMAIN_PBUF_SIZE). */
const LINE_BYTES = 200;

const NEWLINE = 10;
const TAB = 9;

/** An ordinary domain's line on Xen's console, until it is whole: what is printable of it, and the mark that it gets. */
export class ConsoleLine {
  /** Before the line, in the console's ring. */
  readonly mark: Uint8Array;
  readonly bytes: Uint8Array = new Uint8Array(LINE_BYTES);
  length = 0;

  constructor(domain: number) {
    this.mark = new TextEncoder().encode(`(d${domain}) `);
  }

  /** Adds what is printable of the first bytes; false, and nothing is added, where there is no room. */
  add(bytes: Uint8Array, end: number): boolean {
    let room = LINE_BYTES - 1 - this.length;
    for (let i = 0; i < end; i++) if (isPrintable(bytes[i] as number)) room--;
    if (room <= 0) return false;
    for (let i = 0; i < end; i++) {
      const byte = bytes[i] as number;
      if (isPrintable(byte)) this.bytes[this.length++] = byte;
    }
    return true;
  }

  /** Takes back a line that was saved; false for one that is too long. */
  restore(text: string): boolean {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return bytes.length === 0 || this.add(bytes, bytes.length);
  }
}

/** How many bytes come before the end of a line: all where there is none. */
export function lineEnd(bytes: Uint8Array): number {
  let end = 0;
  while (end < bytes.length && bytes[end] !== NEWLINE) end++;
  return end;
}

export function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === TAB;
}
