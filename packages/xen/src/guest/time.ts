import type { ClockPort, SharedWords } from '@trapline/core';
import { sharedInfo } from '../abi/structures/shared-info.js';
import { vcpuInfo, vcpuTimeInfo } from '../abi/structures/vcpu.js';
import type { VcpuInfoWords } from './events/upcall.js';
import type { SharedInfo } from './shared-info.js';

/** The guest's own counter: CNTVCT_EL0 and CNTFRQ_EL0, as it reads them without Xen. */
export type GuestCounter = Pick<ClockPort, 'counter' | 'frequency'>;

const NANOSECONDS = 1_000_000_000n;
/** How often a record that changes meanwhile is read again. */
const MAX_READS = 1000;

const WC_VERSION = sharedInfo.at.wcVersion >> 2;
const WC_SEC = sharedInfo.at.wcSec >> 2;
const WC_NSEC = sharedInfo.at.wcNsec >> 2;
const WC_SEC_HI = sharedInfo.at.wcSecHi >> 2;
const TIME = vcpuInfo.at.time >> 2;
const AT = vcpuTimeInfo.at;

/**
 * Time as Linux has it under Xen on ARM: system time from the architecture's counter, as Xen leaves `vcpu_time_info` zero
 * there, and the wall clock from shared_info, which holds when system time was 0.
 */
export class XenTime {
  readonly #shared: () => SharedInfo;
  readonly #counter: GuestCounter;

  constructor(shared: () => SharedInfo, counter: GuestCounter) {
    this.#shared = shared;
    this.#counter = counter;
  }

  /** Nanoseconds since the domain's time began. Where Xen fills `vcpu_time_info` in, that counts. */
  systemTime(vcpu = 0): bigint {
    const info = this.#shared().vcpu(vcpu);
    const counter = this.#counter.counter();
    if (info.words.load(info.first + TIME) === 0) return (counter * NANOSECONDS) / BigInt(this.#counter.frequency);
    return consistent(info.words, info.first + TIME, () => scaled(info, counter));
  }

  /** When system time was 0, in nanoseconds since 1970; 0 where Xen knows no wall clock. */
  bootTime(): bigint {
    const { words } = this.#shared();
    return consistent(words, WC_VERSION, () => {
      const seconds = (unsigned(words.load(WC_SEC_HI)) << 32n) + unsigned(words.load(WC_SEC));
      return seconds * NANOSECONDS + unsigned(words.load(WC_NSEC));
    });
  }

  /** Nanoseconds since 1970. */
  wallClock(vcpu = 0): bigint {
    return this.bootTime() + this.systemTime(vcpu);
  }
}

/** Reads a record that Xen makes odd while it changes it. */
function consistent(words: SharedWords, version: number, read: () => bigint): bigint {
  for (let tries = 0; tries < MAX_READS; tries++) {
    const before = words.load(version);
    const value = read();
    if ((before & 1) === 0 && words.load(version) === before) return value;
  }
  throw new RangeError('a time record of Xen never comes to rest');
}

/** `((counter - tsc_timestamp) << tsc_shift) * tsc_to_system_mul / 2^32 + system_time` (public/xen.h). */
function scaled({ words, first }: VcpuInfoWords, counter: bigint): bigint {
  const at = (field: keyof typeof AT): number => first + TIME + (AT[field] >> 2);
  const wide = (field: keyof typeof AT): bigint =>
    unsigned(words.load(at(field))) + (unsigned(words.load(at(field) + 1)) << 32n);
  const shift = BigInt((words.load(at('tscShift')) << 24) >> 24);
  const ticks = counter - wide('tscTimestamp');
  const delta = shift < 0n ? ticks >> -shift : ticks << shift;
  return wide('systemTime') + ((delta * unsigned(words.load(at('tscToSystemMul')))) >> 32n);
}

function unsigned(word: number): bigint {
  return BigInt(word >>> 0);
}
