import type { MediumBytes } from '@trapline/recordings';
import { ByteMap } from '../tap/byte-map.js';
import { contentOf } from '../tap/memory-entries.js';

/** A disk that holds what a trace says: zeros, then what its steps found or wrote there. */
export class PlayedMedium {
  readonly #bytes = new ByteMap();

  /** Fills `target`; always true. */
  readAt(position: number, target: Uint8Array): boolean {
    for (let i = 0; i < target.length; i++) target[i] = this.#bytes.at(position + i) ?? 0;
    return true;
  }

  writeAt(position: number, source: Uint8Array): boolean {
    this.#bytes.put(position, source);
    return true;
  }

  flush(): boolean {
    return true;
  }

  /** Takes in what was found on it. */
  put(entry: MediumBytes): void {
    const position = Number(BigInt(entry.addr));
    if (Number.isSafeInteger(position)) this.#bytes.put(position, contentOf(entry));
  }
}
