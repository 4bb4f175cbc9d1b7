const PAGE_BYTES = 4096;

interface BytePage {
  readonly bytes: Uint8Array;
  /** 1 for each byte that was put. */
  readonly present: Uint8Array;
}

/** Bytes that follow one another. */
export interface ByteRun {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Bytes at some addresses. */
export class ByteMap {
  readonly #pages = new Map<number, BytePage>();

  get isEmpty(): boolean {
    return this.#pages.size === 0;
  }

  put(address: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const from = (address + done) % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - from, bytes.length - done);
      const page = this.#page(address + done);
      page.bytes.set(bytes.subarray(done, done + count), from);
      page.present.fill(1, from, from + count);
      done += count;
    }
  }

  /** The byte at an address; undefined where none was put. */
  at(address: number): number | undefined {
    const page = this.#pages.get(Math.floor(address / PAGE_BYTES));
    const offset = address % PAGE_BYTES;
    return page?.present[offset] === 1 ? page.bytes[offset] : undefined;
  }

  /** Everything that was put, by address; what touches is one run. */
  *runs(): Generator<ByteRun> {
    let open: { readonly address: number; end: number; readonly pieces: Uint8Array[] } | undefined;
    for (const { address, bytes } of this.#pieces()) {
      if (open?.end === address) {
        open.pieces.push(bytes);
        open.end += bytes.length;
        continue;
      }
      if (open !== undefined) yield joined(open);
      open = { address, end: address + bytes.length, pieces: [bytes] };
    }
    if (open !== undefined) yield joined(open);
  }

  /** Whether the other has the same bytes at the same addresses. */
  equals(other: ByteMap): boolean {
    if (this.#pages.size !== other.#pages.size) return false;
    for (const [number, { bytes, present }] of this.#pages) {
      const page = other.#pages.get(number);
      if (page === undefined || !alike(page.present, present) || !alike(page.bytes, bytes)) return false;
    }
    return true;
  }

  clear(): void {
    this.#pages.clear();
  }

  /** The same, cut at the ends of pages. */
  *#pieces(): Generator<ByteRun> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const { bytes, present } = this.#pages.get(number) as BytePage;
      for (let from = present.indexOf(1); from >= 0; ) {
        const end = present.indexOf(0, from);
        yield { address: number * PAGE_BYTES + from, bytes: bytes.slice(from, end < 0 ? PAGE_BYTES : end) };
        from = end < 0 ? -1 : present.indexOf(1, end);
      }
    }
  }

  #page(address: number): BytePage {
    const number = Math.floor(address / PAGE_BYTES);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { bytes: new Uint8Array(PAGE_BYTES), present: new Uint8Array(PAGE_BYTES) };
      this.#pages.set(number, page);
    }
    return page;
  }
}

function alike(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < PAGE_BYTES; i++) if (a[i] !== b[i]) return false;
  return true;
}

function joined({ address, pieces }: { readonly address: number; readonly pieces: readonly Uint8Array[] }): ByteRun {
  const [only] = pieces as readonly [Uint8Array];
  if (pieces.length === 1) return { address, bytes: only };
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { address, bytes };
}
