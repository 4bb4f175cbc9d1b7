import type { SharedWords } from './ports.js';

/** Words of which one load and one store after the other are indivisible: nothing runs between two statements there. */
export abstract class SequentialWords implements SharedWords {
  abstract load(index: number): number;
  abstract store(index: number, value: number): void;

  or(index: number, bits: number): number {
    const old = this.load(index);
    this.store(index, old | bits);
    return old;
  }

  and(index: number, bits: number): number {
    const old = this.load(index);
    this.store(index, old & bits);
    return old;
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    const old = this.load(index);
    if (old === expected) this.store(index, replacement);
    return old;
  }
}
