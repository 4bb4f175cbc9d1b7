import type { Saved } from '@trapline/core';
import { sharedInfo } from '../abi/structures/shared-info.js';
import type { Domain } from './domain.js';
import { SavedState } from './saved-state.js';

const VERSION = sharedInfo.at.wcVersion / 4;
const SECONDS = sharedInfo.at.wcSec / 4;
const NANOSECONDS = sharedInfo.at.wcNsec / 4;
const SECONDS_HIGH = sharedInfo.at.wcSecHi / 4;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * The wall clock that a domain reads in shared_info: the time of day at the machine's start, in a copy whose version is
 * odd while it changes (common/time.c). On ARM nobody knows it until the control domain says it (XENPF_settime64).
 */
export class WallClock {
  readonly #domain: Domain;
  /** Nanoseconds from 1970 to the machine's start, as last said. */
  #start = 0n;
  /** Seconds by which this domain's clock is off (XEN_DOMCTL_settimeoffset); they count from the next change on. */
  #offset = 0n;

  constructor(domain: Domain) {
    this.#domain = domain;
    this.#publish();
  }

  /** Sets the time at the machine's start. */
  set(start: bigint): void {
    this.#start = start;
    this.#publish();
  }

  /** XEN_DOMCTL_settimeoffset. */
  get offset(): bigint {
    return this.#offset;
  }

  setOffset(seconds: bigint): void {
    this.#offset = seconds;
  }

  reset(): void {
    this.#start = 0n;
    this.#offset = 0n;
    this.#publish();
  }

  save(): Saved {
    return { start: `${this.#start}`, offset: `${this.#offset}` };
  }

  /** What the guest reads is in shared_info's own state. */
  restore(saved: Saved): void {
    const state = new SavedState(saved, 'the wall clock');
    const start = state.bigint('start');
    const offset = state.bigint('offset');
    this.#start = start;
    this.#offset = offset;
  }

  #publish(): void {
    const { words } = this.#domain.memory.sharedInfo;
    const changing = (words.load(VERSION) + 1) | 1;
    const seconds = BigInt.asUintN(64, this.#start / NS_PER_SECOND + this.#offset);
    words.store(VERSION, changing);
    words.store(SECONDS, Number(BigInt.asIntN(32, seconds)));
    words.store(NANOSECONDS, Number(this.#start % NS_PER_SECOND));
    words.store(SECONDS_HIGH, Number(BigInt.asIntN(32, seconds >> 32n)));
    words.store(VERSION, (changing + 1) | 0);
  }
}
