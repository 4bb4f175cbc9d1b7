import { ByteMap, type ByteRun } from '../tap/byte-map.js';

/** What a trace has said so far that guest memory holds: zeros where it has said nothing. */
export class EstablishedMemory {
  readonly #bytes = new ByteMap();

  /** Takes bytes in. */
  put(address: number, bytes: Uint8Array): void {
    this.#bytes.put(address, bytes);
  }

  /** What of these bytes is not what the trace has said. */
  *news(address: number, bytes: Uint8Array): Generator<ByteRun> {
    for (let i = 0; i < bytes.length; i++) {
      if (this.#says(address + i, bytes[i] as number)) continue;
      const from = i;
      do i++;
      while (i < bytes.length && !this.#says(address + i, bytes[i] as number));
      yield { address: address + from, bytes: bytes.slice(from, i) };
    }
  }

  #says(address: number, byte: number): boolean {
    return (this.#bytes.at(address) ?? 0) === byte;
  }
}
