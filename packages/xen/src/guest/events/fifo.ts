import type { SharedWords } from '@trapline/core';
import {
  EVENT_WORD,
  EVTCHN_FIFO_MAX_QUEUES,
  EVTCHN_FIFO_NR_CHANNELS,
  evtchnFifoControlBlock,
} from '../../abi/structures/event-channel.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import type { GuestPage } from '../operand-area.js';
import type { EventAbi, EventHandler } from './abi.js';
import { lowestBit } from './two-level.js';
import { takeUpcall, type VcpuInfos } from './upcall.js';

const { pending: PENDING, masked: MASKED, linked: LINKED, busy: BUSY, link: LINK } = EVENT_WORD;
const READY = evtchnFifoControlBlock.at.ready >> 2;
const HEADS = evtchnFifoControlBlock.at.head >> 2;

/** Words of events in a page. */
const EVENTS_PER_PAGE: number = PAGE_BYTES / 4;

/** How often a busy event is looked at before its mask is cleared all the same. */
const MAX_BUSY_LOOKS = 64;

/** What the FIFO ABI asks Xen and the guest's memory for. */
export interface FifoPages {
  page(): GuestPage;
  /** EVTCHNOP_init_control: gives 0 or a negated error. */
  initControl(vcpu: number, frame: number): number;
  /** EVTCHNOP_expand_array. */
  expandArray(frame: number): number;
}

interface Queues {
  readonly control: SharedWords;
  /** The head of each queue as this side last left it; 0 for an empty one. */
  readonly heads: Int32Array;
}

/** The FIFO ABI: a word a port, and for each vCPU a queue of them at every priority. */
export class FifoEvents implements EventAbi {
  readonly name = 'fifo';
  readonly ports: number = EVTCHN_FIFO_NR_CHANNELS;
  readonly #pages: FifoPages;
  readonly #queues: Queues[] = [];
  readonly #array: SharedWords[] = [];

  readonly #vcpus: VcpuInfos;

  private constructor(pages: FifoPages, vcpus: VcpuInfos) {
    this.#pages = pages;
    this.#vcpus = vcpus;
  }

  /** Goes over to this ABI for all vCPUs. Gives the negated error where Xen does not have it. */
  static begin(pages: FifoPages, infos: VcpuInfos, vcpus: number): FifoEvents | number {
    const events = new FifoEvents(pages, infos);
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      const { frame, words } = pages.page();
      const result = pages.initControl(vcpu, frame);
      if (result < 0) return result;
      events.#queues.push({ control: words, heads: new Int32Array(EVTCHN_FIFO_MAX_QUEUES) });
    }
    return events;
  }

  /** Throws a RangeError where Xen takes no more pages: there are no such ports then. */
  prepare(port: number): void {
    while (this.#array.length <= Math.floor(port / EVENTS_PER_PAGE)) {
      const { frame, words } = this.#pages.page();
      // Before Xen has the page: an event of before would be delivered when it gets it.
      for (let i = 0; i < EVENTS_PER_PAGE; i++) words.store(i, MASKED);
      const result = this.#pages.expandArray(frame);
      if (result < 0) throw new RangeError(`Xen takes no more pages of events: ${result}`);
      this.#array.push(words);
    }
  }

  isPending(port: number): boolean {
    return (this.#words(port).load(port % EVENTS_PER_PAGE) & PENDING) !== 0;
  }

  isMasked(port: number): boolean {
    return (this.#words(port).load(port % EVENTS_PER_PAGE) & MASKED) !== 0;
  }

  clearPending(port: number): void {
    this.#words(port).and(port % EVENTS_PER_PAGE, ~PENDING);
  }

  setMask(port: number): void {
    this.#words(port).or(port % EVENTS_PER_PAGE, MASKED);
  }

  /** While Xen says busy it is linking the event, and counts on the word to stay as it is. */
  clearMask(port: number): void {
    const words = this.#words(port);
    const index = port % EVENTS_PER_PAGE;
    for (let tries = 0; tries < MAX_BUSY_LOOKS; tries++) {
      const old = words.load(index) & ~BUSY;
      if (words.compareExchange(index, old, old & ~MASKED) === old) return;
    }
    words.and(index, ~MASKED);
  }

  /** Highest priority first, and the ready bits again after every event: a more urgent one goes before. */
  consume(vcpu: number, handle: EventHandler): number {
    const queues = this.#queues[vcpu];
    let handled = 0;
    while (queues !== undefined && takeUpcall(this.#vcpus(vcpu))) handled += this.#consumeQueues(queues, handle);
    return handled;
  }

  #consumeQueues(queues: Queues, handle: EventHandler): number {
    const { control } = queues;
    let handled = 0;
    let ready = control.and(READY, 0);
    while (ready !== 0) {
      const queue = lowestBit(ready);
      const port = this.#takeFrom(queues, queue);
      if (queues.heads[queue] === 0) ready &= ~(1 << queue);
      if (port !== 0 && this.#handle(port, handle)) handled++;
      ready |= control.and(READY, 0);
    }
    return handled;
  }

  /** The port at the head of a queue; the next one is the new head. 0 where the queue is empty. */
  #takeFrom({ control, heads }: Queues, queue: number): number {
    // A queue that was empty here has its first event in the control block.
    let port = heads[queue] as number;
    if (port === 0) port = control.load(HEADS + queue) & LINK;
    const isThere = port !== 0 && port < this.#array.length * EVENTS_PER_PAGE;
    heads[queue] = isThere ? this.#unlink(port) : 0;
    return isThere ? port : 0;
  }

  /** Takes an event out of its queue, and gives the next one's port. */
  #unlink(port: number): number {
    const words = this.#words(port);
    const index = port % EVENTS_PER_PAGE;
    let old = words.load(index);
    for (;;) {
      const seen = words.compareExchange(index, old, old & ~(LINKED | LINK));
      if (seen === old) return old & LINK;
      old = seen;
    }
  }

  #handle(port: number, handle: EventHandler): boolean {
    const words = this.#words(port);
    const word = words.load(port % EVENTS_PER_PAGE);
    if ((word & PENDING) === 0 || (word & MASKED) !== 0) return false;
    words.and(port % EVENTS_PER_PAGE, ~PENDING);
    handle(port);
    return true;
  }

  #words(port: number): SharedWords {
    const words = this.#array[Math.floor(port / EVENTS_PER_PAGE)];
    if (words === undefined) throw new RangeError(`event channel ${port} has not been prepared`);
    return words;
  }
}
