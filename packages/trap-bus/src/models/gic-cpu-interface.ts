import { LOWEST_PRIORITY } from './gic-limits.js';

/**
 * What the CPU interface of each PE remembers: the priority mask (ICC_PMR_EL1) and which priorities are active
 * (ICC_AP1R, here one bit for each of 256), of which the highest is the running priority (ICC_RPR_EL1).
 */
export class CpuInterfaces {
  readonly #masks: Uint8Array;
  readonly #active: Int32Array;
  readonly #running: Uint16Array;

  constructor(pes: number) {
    this.#masks = new Uint8Array(pes).fill(LOWEST_PRIORITY);
    this.#active = new Int32Array(8 * pes);
    this.#running = new Uint16Array(pes).fill(LOWEST_PRIORITY + 1);
  }

  mask(pe: number): number {
    return this.#masks[pe] as number;
  }

  setMask(pe: number, priority: number): void {
    this.#masks[pe] = priority;
  }

  /** An interrupt has to have a number below this to be signalled: higher than the mask and than what runs. */
  threshold(pe: number): number {
    return Math.min(this.#masks[pe] as number, this.#running[pe] as number);
  }

  activate(pe: number, priority: number): void {
    const word = 8 * pe + (priority >> 5);
    this.#active[word] = (this.#active[word] as number) | (1 << (priority & 31));
    this.#running[pe] = Math.min(this.#running[pe] as number, priority);
  }

  /** The highest active priority goes (DDI 0487 and IHI 0069, 4.8.6); nothing where none is active. */
  drop(pe: number): void {
    const running = this.#running[pe] as number;
    if (running > LOWEST_PRIORITY) return;
    const word = 8 * pe + (running >> 5);
    this.#active[word] = (this.#active[word] as number) & ~(1 << (running & 31));
    // What was not above it before is not now.
    this.#running[pe] = this.#highest(pe, running >> 5);
  }

  reset(): void {
    this.#masks.fill(LOWEST_PRIORITY);
    this.#active.fill(0);
    this.#running.fill(LOWEST_PRIORITY + 1);
  }

  /** The active priorities of all PEs, eight words each. */
  get active(): Int32Array {
    return this.#active;
  }

  put(masks: readonly number[], active: readonly number[]): void {
    this.#masks.set(masks);
    this.#active.set(active);
    for (let pe = 0; pe < this.#running.length; pe++) this.#running[pe] = this.#highest(pe, 0);
  }

  /** The highest active priority of those from a word on. */
  #highest(pe: number, first: number): number {
    for (let i = first; i < 8; i++) {
      const word = this.#active[8 * pe + i] as number;
      if (word !== 0) return 32 * i + trailingZeros(word);
    }
    return LOWEST_PRIORITY + 1;
  }
}

/** Number of the lowest bit that is set. */
export function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
