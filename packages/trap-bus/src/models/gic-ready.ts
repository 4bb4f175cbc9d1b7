import { trailingZeros } from './gic-cpu-interface.js';
import { ANY_PE, SPI_BASE, SPURIOUS_INTID } from './gic-limits.js';

/**
 * Which interrupts can be signalled: one bit each, a word for the private ones of each PE, then the shared ones; and
 * one bit for each shared word that is not zero. So a look costs what is pending, not what exists.
 */
export class ReadyInterrupts {
  readonly #pes: number;
  readonly #words: Int32Array;
  #shared = 0;

  constructor(pes: number, spis: number) {
    this.#pes = pes;
    this.#words = new Int32Array(pes + Math.ceil(spis / 32));
  }

  /** Slots count 32 for each PE, then the shared interrupts. */
  mark(slot: number, ready: boolean): void {
    const word = slot >> 5;
    const bit = 1 << (slot & 31);
    const now = ready ? (this.#words[word] as number) | bit : (this.#words[word] as number) & ~bit;
    this.#words[word] = now;
    if (word < this.#pes) return;
    const summary = 1 << (word - this.#pes);
    this.#shared = now === 0 ? this.#shared & ~summary : this.#shared | summary;
  }

  /**
   * The INTID with the least priority number below `threshold` among a PE's own and the shared ones that go to it; the
   * lowest INTID where several have it, and {@link SPURIOUS_INTID} where none has.
   */
  best(pe: number, threshold: number, priorities: Uint8Array, targets: Int32Array): number {
    let best = SPURIOUS_INTID;
    let least = threshold;
    for (let ready = this.#words[pe] as number; ready !== 0; ready &= ready - 1) {
      const intid = trailingZeros(ready);
      const priority = priorities[SPI_BASE * pe + intid] as number;
      if (priority >= least) continue;
      least = priority;
      best = intid;
    }
    for (let words = this.#shared; words !== 0; words &= words - 1) {
      const word = trailingZeros(words);
      for (let ready = this.#words[this.#pes + word] as number; ready !== 0; ready &= ready - 1) {
        const spi = 32 * word + trailingZeros(ready);
        const target = targets[spi] as number;
        const priority = priorities[SPI_BASE * this.#pes + spi] as number;
        if ((target !== pe && target !== ANY_PE) || priority >= least) continue;
        least = priority;
        best = SPI_BASE + spi;
      }
    }
    return best;
  }

  clear(): void {
    this.#words.fill(0);
    this.#shared = 0;
  }
}
