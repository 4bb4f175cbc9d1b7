import {
  type AttachedGuest,
  type Call,
  RestoreError,
  type Returned,
  returnInt,
  type Saved,
  setResult,
} from '@trapline/core';
import { MAX_ENTROPY } from './abi.js';
import { Code } from './status.js';

/** Nanoseconds in which a vCPU can read {@link READS} times (hyp/misc/prng_hw/src/prng_api.c). */
const WINDOW = 33_000_000n;
const READS = 4;

/** Random numbers, rate-limited for each vCPU. */
export class Entropy {
  readonly #guest: AttachedGuest;
  readonly #windows: { from: bigint; reads: number }[];

  constructor(guest: AttachedGuest) {
    this.#guest = guest;
    this.#windows = guest.pes.map(() => ({ from: 0n, reads: 0 }));
  }

  /** ARGUMENT_SIZE for none or too many bytes, ARGUMENT_ALIGNMENT for no multiple of 4, BUSY, or FAILURE without entropy. */
  handle(call: Call): Returned {
    const count = call.w[0] as number;
    if (count === 0 || count > MAX_ENTROPY) return refuse(call, Code.ARGUMENT_SIZE);
    if (count % 4 !== 0) return refuse(call, Code.ARGUMENT_ALIGNMENT);
    if (!this.#admits(call.pe.index)) return refuse(call, Code.BUSY);
    const words = new Uint32Array(MAX_ENTROPY / 4);
    if (!this.#guest.ports.random.fill(new Uint8Array(words.buffer, 0, count))) return refuse(call, Code.FAILURE);
    for (let i = 0; i < words.length; i++) setResult(call, i + 1, words[i] as number, 0);
    return returnInt(call, Code.OK);
  }

  reset(): void {
    for (const window of this.#windows) Object.assign(window, { from: 0n, reads: 0 });
  }

  save(): Saved {
    return this.#windows.map(({ from, reads }) => ({ from: String(from), reads }));
  }

  /** Throws {@link RestoreError} for windows of other vCPUs. */
  restore(saved: Saved): void {
    const list = Array.isArray(saved) ? (saved as readonly Saved[]) : [];
    const windows = list.map((one) => (one ?? {}) as { readonly from?: Saved; readonly reads?: Saved });
    const right = windows.every(
      ({ from, reads }) =>
        typeof from === 'string' && /^\d{1,30}$/.test(from) && Number.isInteger(reads) && (reads as number) <= READS,
    );
    if (!right || windows.length !== this.#windows.length) {
      throw new RestoreError(`rate limits of ${this.#windows.length} vCPUs are wanted`);
    }
    windows.forEach(({ from, reads }, i) => {
      this.#windows[i] = { from: BigInt(from as string), reads: reads as number };
    });
  }

  #admits(cpu: number): boolean {
    const window = this.#windows[cpu] as { from: bigint; reads: number };
    const now = this.#guest.ports.clock.now();
    if (window.reads === 0 || now - window.from >= WINDOW) {
      window.from = now;
      window.reads = 0;
    }
    if (window.reads === READS) return false;
    window.reads++;
    return true;
  }
}

function refuse(call: Call, code: number): Returned {
  for (let i = 1; i <= MAX_ENTROPY / 4; i++) setResult(call, i, 0, 0);
  return returnInt(call, code);
}
