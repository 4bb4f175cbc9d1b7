import { RestoreError, type Saved } from '@trapline/core';

/** Bits of a counter that a guest sees (BIT_MASK(30, 0) in hypervisor/control.c): never negative. */
const VISIBLE = 0x7fff_ffff;

/** How often each CPU of a cell left its guest, by reason. */
export class ExitCounters {
  readonly #counts: Uint32Array;
  readonly #reasons: number;

  constructor(cpus: number, reasons: number) {
    this.#counts = new Uint32Array(cpus * reasons);
    this.#reasons = reasons;
  }

  add(cpu: number, reason: number): void {
    const at = cpu * this.#reasons + reason;
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  of(cpu: number, reason: number): number {
    return (this.#counts[cpu * this.#reasons + reason] as number) & VISIBLE;
  }

  reset(): void {
    this.#counts.fill(0);
  }

  save(): Saved {
    return [...this.#counts];
  }

  /** Throws {@link RestoreError} for what are no counters of these CPUs. */
  restore(saved: Saved): void {
    const right =
      Array.isArray(saved) &&
      saved.length === this.#counts.length &&
      saved.every((count) => Number.isInteger(count) && count >= 0 && count <= 0xffff_ffff);
    if (!right) throw new RestoreError(`${this.#counts.length} counters are wanted`);
    this.#counts.set(saved as number[]);
  }
}
