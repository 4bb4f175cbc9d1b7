import type { Saved } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import {
  EVENT_WORD,
  EVTCHN_FIFO_MAX_QUEUES,
  EVTCHN_FIFO_NR_CHANNELS,
  EVTCHN_FIFO_PRIORITY,
  evtchnFifoControlBlock,
} from '../abi/structures/event-channel.js';
import type { Domain } from '../domain/domain.js';
import type { SavedState } from '../domain/saved-state.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { HeldPage } from '../vcpu/held-page.js';
import { FifoArray, MAX_ARRAY_PAGES, WORDS_PER_PAGE } from './fifo-array.js';
import type { PortAbi } from './port-abi.js';
import type { PortTable } from './port-table.js';

const { pending: PENDING, masked: MASKED, linked: LINKED } = EVENT_WORD;
const READY = evtchnFifoControlBlock.at.ready / 4;
const HEADS = evtchnFifoControlBlock.at.head / 4;

/** The last offset in a page at which a control block fits. */
export const LAST_OFFSET: number = PAGE_BYTES - evtchnFifoControlBlock.size;
/** Bytes to which a control block is aligned. */
export const CONTROL_ALIGN = 8;

/** A vCPU's control block, where the guest has placed it. */
export interface ControlBlock {
  readonly page: HeldPage;
  readonly offset: number;
}

/**
 * The FIFO ABI (common/event_fifo.c): each event has a word, and a vCPU has a queue of events for each priority, linked
 * through the words. The cost of an event does not depend on how many there are.
 */
export class FifoPorts implements PortAbi {
  readonly channels: number = EVTCHN_FIFO_NR_CHANNELS;
  readonly array: FifoArray = new FifoArray();
  readonly controls: (ControlBlock | undefined)[];
  /** The last event of each queue, 0 where there was none: vCPU times 16, plus priority. */
  readonly tails: Int32Array;
  readonly #domain: Domain;
  readonly #ports: PortTable;

  constructor(domain: Domain, ports: PortTable) {
    this.#domain = domain;
    this.#ports = ports;
    this.controls = domain.vcpus.map(() => undefined);
    this.tails = new Int32Array(domain.vcpus.length * EVTCHN_FIFO_MAX_QUEUES);
  }

  bound(port: number): void {
    this.#ports.priority[port] = EVTCHN_FIFO_PRIORITY.default;
  }

  setPending(vcpu: number, port: number): void {
    const words = this.array.wordsOf(port);
    if (words === undefined) {
      this.#ports.early[port] = 1;
      return;
    }
    // Without a control block the guest cannot have unmasked anything yet: the event is dropped.
    const control = this.controls[vcpu];
    if (control === undefined) return;
    const index = port & (WORDS_PER_PAGE - 1);
    const old = words.or(index, PENDING);
    if ((words.load(index) & MASKED) === 0 && (words.or(index, LINKED) & LINKED) === 0) {
      this.#enqueue(vcpu, port, control);
    }
    if ((old & PENDING) === 0) this.#domain.scheduling.wakePollers(port);
  }

  clearPending(port: number): void {
    this.array.wordsOf(port)?.and(port & (WORDS_PER_PAGE - 1), ~PENDING);
  }

  unmask(vcpu: number, port: number): void {
    const words = this.array.wordsOf(port);
    if (words === undefined) return;
    const index = port & (WORDS_PER_PAGE - 1);
    words.and(index, ~MASKED);
    if ((words.load(index) & PENDING) !== 0) this.setPending(vcpu, port);
  }

  isPending(port: number): boolean {
    return (this.#load(port) & PENDING) !== 0;
  }

  isMasked(port: number): boolean {
    return this.array.wordsOf(port) === undefined || (this.#load(port) & MASKED) !== 0;
  }

  isBusy(port: number): boolean {
    return (this.#load(port) & LINKED) !== 0;
  }

  setPriority(port: number, priority: number): number {
    if (priority > EVTCHN_FIFO_PRIORITY.min) return -ERRNO.EINVAL;
    this.#ports.priority[port] = priority;
    return 0;
  }

  /** Places a vCPU's control block. Gives 0, or -EINVAL where it has one or the frame is no RAM of the domain. */
  mapControl(vcpu: number, frame: number, offset: number): number {
    if (this.controls[vcpu] !== undefined) return -ERRNO.EINVAL;
    const page = HeldPage.take(this.#domain, frame);
    if (page === undefined) return -ERRNO.EINVAL;
    this.controls[vcpu] = { page, offset };
    return 0;
  }

  /**
   * Adds a page to the event array, and raises what came before its words were there. Gives 0; -ENOSPC for more pages
   * than there can be ports; -EINVAL for a frame that is no RAM of the domain.
   */
  expand(frame: number): number {
    const { pages } = this.array;
    if (pages.length >= MAX_ARRAY_PAGES) return -ERRNO.ENOSPC;
    const page = HeldPage.take(this.#domain, frame);
    if (page === undefined) return -ERRNO.EINVAL;
    const first = this.array.length;
    pages.push(page);
    const { early, notify, valid } = this.#ports;
    for (let port = first; port < this.array.length && port < valid; port++) {
      if (early[port] !== 0) this.setPending(notify[port] as number, port);
    }
    return 0;
  }

  /** Lets all pages of the guest go. */
  destroy(): void {
    for (const page of this.array.pages) page.release();
    for (const control of this.controls) control?.page.release();
    this.array.pages.length = 0;
    this.controls.fill(undefined);
  }

  save(): Saved {
    return {
      pages: this.array.pages.map((page) => page.save()),
      controls: this.controls
        .map((control) => control && { offset: control.offset, page: control.page.save() })
        .map((c) => c ?? null),
      tails: [...this.tails],
    };
  }

  /** Takes the pages again. Throws RestoreError for what {@link save} did not give. */
  restore(state: SavedState): void {
    const domain = this.#domain;
    const pages = state.parts('pages');
    if (pages.length > MAX_ARRAY_PAGES) throw state.error(`${pages.length} pages of events`);
    this.tails.set(state.integers('tails', 0, Math.max(0, pages.length * WORDS_PER_PAGE - 1), this.tails.length));
    const controls = state.partsOrNothing('controls', this.controls.length);
    for (const page of pages) this.array.pages.push(HeldPage.retake(domain, page));
    controls.forEach((control, vcpu) => {
      if (control === undefined) return;
      const offset = control.integer('offset', 0, LAST_OFFSET);
      if (offset % CONTROL_ALIGN !== 0) throw control.error(`offset ${offset}`);
      this.controls[vcpu] = { page: HeldPage.retake(domain, control.part('page')), offset };
    });
  }

  /**
   * Puts a port that has just become linked at the end of its queue. Where it was the tail of the queue it was in before,
   * that queue is empty now: a later event must not be linked behind it there.
   */
  #enqueue(vcpu: number, port: number, control: ControlBlock): void {
    const { lastQueue, priority } = this.#ports;
    const level = priority[port] as number;
    const queue = vcpu * EVTCHN_FIFO_MAX_QUEUES + level;
    const { tails } = this;
    const last = lastQueue[port] as number;
    if (tails[last] === port) tails[last] = 0;
    lastQueue[port] = queue;
    const tail = tails[queue] as number;
    const { words } = control.page;
    const base = control.offset >>> 2;
    const linked = tail !== 0 && this.array.linkBehind(tail, port);
    if (!linked) words.store(base + HEADS + level, port);
    tails[queue] = port;
    const bit = 1 << level;
    if (!linked && (words.or(base + READY, bit) & bit) === 0) this.#domain.vcpuInfos.markPending(vcpu);
  }

  #load(port: number): number {
    return this.array.wordsOf(port)?.load(port & (WORDS_PER_PAGE - 1)) ?? 0;
  }
}
