import { EVTCHN_2L_NR_CHANNELS } from '../abi/structures/event-channel.js';
import { sharedInfo } from '../abi/structures/shared-info.js';
import type { Domain } from '../domain/domain.js';
import type { PortAbi } from './port-abi.js';

const PENDING = sharedInfo.at.evtchnPending / 4;
const MASK = sharedInfo.at.evtchnMask / 4;

/**
 * The 2-level ABI (common/event_2l.c): a bit of `evtchn_pending` for each port, a bit of the vCPU's selector for each 64
 * of them, and the upcall. Each stage is entered only by the one who changed the stage before.
 */
export class TwoLevelPorts implements PortAbi {
  readonly channels: number = EVTCHN_2L_NR_CHANNELS;
  readonly #domain: Domain;

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  bound(): void {}

  setPending(vcpu: number, port: number): void {
    const { memory, vcpuInfos, scheduling } = this.#domain;
    const { words } = memory.sharedInfo;
    const word = port >>> 5;
    const bit = 1 << (port & 31);
    if ((words.or(PENDING + word, bit) & bit) !== 0) return;
    if ((words.load(MASK + word) & bit) === 0) vcpuInfos.select(vcpu, port >>> 6);
    scheduling.wakePollers(port);
  }

  clearPending(port: number): void {
    this.#domain.memory.sharedInfo.words.and(PENDING + (port >>> 5), ~(1 << (port & 31)));
  }

  unmask(vcpu: number, port: number): void {
    const { memory, vcpuInfos } = this.#domain;
    const { words } = memory.sharedInfo;
    const word = port >>> 5;
    const bit = 1 << (port & 31);
    if ((words.and(MASK + word, ~bit) & bit) === 0) return;
    if ((words.load(PENDING + word) & bit) !== 0) vcpuInfos.select(vcpu, port >>> 6);
  }

  isPending(port: number): boolean {
    return this.#has(PENDING, port);
  }

  isMasked(port: number): boolean {
    return this.#has(MASK, port);
  }

  isBusy(): boolean {
    return false;
  }

  /** Ports beyond the words: a domain that comes back from the FIFO ABI keeps its buckets, but none of them is bound. */
  #has(base: number, port: number): boolean {
    if (port >= EVTCHN_2L_NR_CHANNELS) return base === MASK;
    return (this.#domain.memory.sharedInfo.words.load(base + (port >>> 5)) & (1 << (port & 31))) !== 0;
  }
}
