import type { GuestPhysical, SharedWords } from '@trapline/core';
import { PAGE_BYTES, PAGE_SHIFT } from '../memory/frames.js';
import { type GuestMemory, guestWords, noMemory, type ScratchArea } from './guest-memory.js';

/** Pages of the scratch area that hold the operands of calls: one for structures, one for what they point to. */
const OPERAND_PAGES = 2;

/** Bytes of an operand, and of what an operand points to. */
export const MAX_OPERAND: number = PAGE_BYTES;

/**
 * Where the operands of hypercalls stand while they are made: structures in the first page, lists and buffers that they
 * point to in the second. Every call uses them anew.
 */
export class OperandArea {
  /** Halves of the pointer to the structure. */
  readonly low: number;
  readonly high: number;
  /** Halves of the pointer to what it points to. */
  readonly listLow: number;
  readonly listHigh: number;
  /** The structure's words, and those of what it points to. */
  readonly words: SharedWords;
  readonly listWords: SharedWords;
  readonly #memory: GuestMemory;
  readonly #base: number;
  readonly #virtual: number;

  constructor(memory: GuestMemory, area: ScratchArea) {
    this.#memory = memory;
    this.#base = area.base;
    this.#virtual = area.virtual ?? area.base;
    this.low = this.#virtual | 0;
    this.high = highOf(this.#virtual);
    this.listLow = this.list | 0;
    this.listHigh = highOf(this.list);
    this.words = guestWords(memory, area.base, PAGE_BYTES);
    this.listWords = guestWords(memory, area.base + PAGE_BYTES, PAGE_BYTES);
  }

  /** The virtual address of what operands point to. */
  get list(): number {
    return this.#virtual + PAGE_BYTES;
  }

  /** Copies a structure in. */
  put(bytes: Uint8Array, offset = 0): void {
    this.#write(this.#base + offset, bytes);
  }

  /** Copies in what the structure points to. */
  putList(bytes: Uint8Array): void {
    this.#write(this.#base + PAGE_BYTES, bytes);
  }

  /** Copies a structure out. */
  take(bytes: Uint8Array, offset = 0): void {
    this.#read(this.#base + offset, bytes);
  }

  /** Copies out what the structure points to. */
  takeList(bytes: Uint8Array): void {
    this.#read(this.#base + PAGE_BYTES, bytes);
  }

  #write(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0 && !this.#memory.write(address as GuestPhysical, bytes)) throw noMemory(address);
  }

  #read(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0 && !this.#memory.read(address as GuestPhysical, bytes)) throw noMemory(address);
  }
}

function highOf(address: number): number {
  return Math.floor(address / 0x1_0000_0000) | 0;
}

/** A page of the guest's own RAM. */
export interface GuestPage {
  /** Its frame number: how hypercalls name it. */
  readonly frame: number;
  /** Guest-physical. */
  readonly address: number;
  readonly words: SharedWords;
}

/** Hands out the pages of a scratch area, behind those of the operands. */
export class PagePool {
  readonly #memory: GuestMemory;
  readonly #area: ScratchArea;
  readonly #free: number[] = [];

  constructor(memory: GuestMemory, area: ScratchArea) {
    this.#memory = memory;
    this.#area = area;
    for (let page = Math.floor(area.size / PAGE_BYTES) - 1; page >= OPERAND_PAGES; page--) this.#free.push(page);
  }

  /** Pages that are left. */
  get available(): number {
    return this.#free.length;
  }

  /** A page of zeros. Throws a RangeError where there is none left: give the driver a larger area. */
  take(): GuestPage {
    const page = this.#free.pop();
    if (page === undefined) throw new RangeError(`no page left in the scratch area of ${this.#area.size} bytes`);
    const address = this.#area.base + page * PAGE_BYTES;
    if (!this.#memory.write(address as GuestPhysical, new Uint8Array(PAGE_BYTES))) throw noMemory(address);
    return { frame: address / PAGE_BYTES, address, words: guestWords(this.#memory, address, PAGE_BYTES) };
  }

  /** Takes a page back. The guest's own frames have to have memory again: a frame that Xen made a hole is lost. */
  give({ address }: GuestPage): void {
    this.#free.push((address - this.#area.base) >> PAGE_SHIFT);
  }
}
