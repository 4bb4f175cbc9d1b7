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
    let open: { address: number; readonly bytes: number[] } | undefined;
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const { bytes, present } = this.#pages.get(number) as BytePage;
      for (let i = 0; i < PAGE_BYTES; i++) {
        const address = number * PAGE_BYTES + i;
        const ends = present[i] === 0 || (open !== undefined && open.address + open.bytes.length !== address);
        if (ends && open !== undefined) {
          yield { address: open.address, bytes: Uint8Array.from(open.bytes) };
          open = undefined;
        }
        if (present[i] === 0) continue;
        open ??= { address, bytes: [] };
        open.bytes.push(bytes[i] as number);
      }
    }
    if (open !== undefined) yield { address: open.address, bytes: Uint8Array.from(open.bytes) };
  }

  clear(): void {
    this.#pages.clear();
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
