import type { Errno } from './errno.js';

/** What becomes of a function number: KVM_SMCCC_FILTER_*. */
export const FILTER_HANDLE = 0;
export const FILTER_DENY = 1;
export const FILTER_FWD_TO_USER = 2;

/** Ranges that a filter takes; the kernel has no limit but memory. */
export const MAX_FILTER_RANGES = 1024;

/** A range of function numbers and what becomes of them. */
export interface FilterRange {
  readonly from: number;
  readonly to: number;
  readonly action: number;
}

/** Arm architecture calls, SMC32 and SMC64: always KVM's own (kvm_smccc_filter_insert_reserved). */
const RESERVED: readonly FilterRange[] = [
  { from: 0x8000_0000, to: 0x8000_ffff, action: FILTER_HANDLE },
  { from: 0xc000_0000, to: 0xc000_ffff, action: FILTER_HANDLE },
];

/** KVM_ARM_VM_SMCCC_FILTER: ranges that do not overlap, in order (arch/arm64/kvm/hypercalls.c). */
export class SmcccFilter {
  #ranges: readonly FilterRange[] = [];
  /** Ends of the ranges as int32, and actions: what a call looks at. */
  #from = new Uint32Array(0);
  #to = new Uint32Array(0);
  #actions = new Uint8Array(0);

  /** The ranges that were set; empty before the first. */
  get ranges(): readonly FilterRange[] {
    return this.#ranges.filter((range) => !RESERVED.includes(range));
  }

  /** Whether any range has been set. */
  get configured(): boolean {
    return this.#actions.length > 0;
  }

  /** What becomes of a function number, given as int32. */
  action(id: number): number {
    const from = this.#from;
    let low = 0;
    let high = from.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (id >>> 0 < (from[middle] as number)) high = middle - 1;
      else if (id >>> 0 > (this.#to[middle] as number)) low = middle + 1;
      else return this.#actions[middle] as number;
    }
    return FILTER_HANDLE;
  }

  /**
   * Sets a range: EINVAL for an unknown action, and for a length of 0 or one that wraps; EBUSY once a vCPU has run;
   * EEXIST where it overlaps another, the reserved ones included; ENOMEM above {@link MAX_FILTER_RANGES}.
   */
  set(base: number, count: number, action: number, ranOnce: boolean): Errno {
    const from = base >>> 0;
    const to = (from + count - 1) >>> 0;
    if (to < from || action > FILTER_FWD_TO_USER || action < FILTER_HANDLE) return 'EINVAL';
    if (ranOnce) return 'EBUSY';
    const all = this.configured ? this.#ranges : RESERVED;
    if (all.some((range) => from <= range.to && range.from <= to)) return this.#keep(all, 'EEXIST');
    if (all.length >= MAX_FILTER_RANGES + RESERVED.length) return 'ENOMEM';
    return this.#keep([...all, { from, to, action }], 'OK');
  }

  /** Puts back what {@link ranges} gave. */
  restore(ranges: readonly FilterRange[]): void {
    this.#keep(ranges.length > 0 ? [...RESERVED, ...ranges] : [], 'OK');
  }

  #keep(ranges: readonly FilterRange[], result: Errno): Errno {
    this.#ranges = [...ranges].sort((a, b) => a.from - b.from);
    this.#from = Uint32Array.from(this.#ranges, ({ from }) => from);
    this.#to = Uint32Array.from(this.#ranges, ({ to }) => to);
    this.#actions = Uint8Array.from(this.#ranges, ({ action }) => action);
    return result;
  }
}
