import type { SharedWords } from '@trapline/core';
import { EVTCHN_2L_NR_CHANNELS } from '../../abi/structures/event-channel.js';
import { sharedInfo } from '../../abi/structures/shared-info.js';
import { vcpuInfo } from '../../abi/structures/vcpu.js';
import type { EventAbi, EventHandler } from './abi.js';
import { takeUpcall, type VcpuInfos } from './upcall.js';

const PENDING = sharedInfo.at.evtchnPending >> 2;
const MASK = sharedInfo.at.evtchnMask >> 2;
const SELECTOR = vcpuInfo.at.evtchnPendingSel >> 2;

/** The 2-level ABI: a bit a port, a selector bit for every 64 of them, an upcall byte a vCPU. */
export class TwoLevelEvents implements EventAbi {
  readonly name = '2-level';
  readonly ports: number = EVTCHN_2L_NR_CHANNELS;
  readonly #shared: SharedWords;
  readonly #vcpus: VcpuInfos;

  /** `shared` are the words of shared_info. Nothing is masked in a fresh page: everything is here, as Linux begins. */
  constructor(shared: SharedWords, vcpus: VcpuInfos) {
    this.#shared = shared;
    this.#vcpus = vcpus;
    for (let word = 0; word < EVTCHN_2L_NR_CHANNELS / 32; word++) shared.store(MASK + word, -1);
  }

  prepare(): void {}

  isPending(port: number): boolean {
    return (this.#shared.load(PENDING + (port >> 5)) & (1 << (port & 31))) !== 0;
  }

  isMasked(port: number): boolean {
    return (this.#shared.load(MASK + (port >> 5)) & (1 << (port & 31))) !== 0;
  }

  clearPending(port: number): void {
    this.#shared.and(PENDING + (port >> 5), ~(1 << (port & 31)));
  }

  setMask(port: number): void {
    this.#shared.or(MASK + (port >> 5), 1 << (port & 31));
  }

  clearMask(port: number): void {
    this.#shared.and(MASK + (port >> 5), ~(1 << (port & 31)));
  }

  /**
   * Byte, selector, bits: in this order, as Xen sets them the other way round, so an event that comes meanwhile raises
   * the byte anew.
   */
  consume(vcpu: number, handle: EventHandler): number {
    const info = this.#vcpus(vcpu);
    const { words, first } = info;
    let handled = 0;
    while (takeUpcall(info)) {
      for (let half = 0; half < 2; half++) {
        // A selector bit stands for 64 ports: two words.
        for (let selected = words.and(first + SELECTOR + half, 0); selected !== 0; selected &= selected - 1) {
          const word = 2 * (32 * half + lowestBit(selected));
          handled += this.#consumeWord(word, handle) + this.#consumeWord(word + 1, handle);
        }
      }
    }
    return handled;
  }

  #consumeWord(word: number, handle: EventHandler): number {
    let handled = 0;
    let bits = this.#shared.load(PENDING + word) & ~this.#shared.load(MASK + word);
    for (; bits !== 0; bits &= bits - 1) {
      const bit = lowestBit(bits);
      this.#shared.and(PENDING + word, ~(1 << bit));
      handle(32 * word + bit);
      handled++;
    }
    return handled;
  }
}

/** The number of the lowest bit that is set. */
export function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
