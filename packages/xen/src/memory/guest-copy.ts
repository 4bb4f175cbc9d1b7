import {
  type GuestPhysical,
  type GuestVirtual,
  type MemoryPort,
  NO_ADDRESS,
  type Pe,
  virtualAddressOf,
} from '@trapline/core';
import type { Operand } from '../calls/operand.js';
import { copyWords } from './copy-words.js';
import type { DomainMemory } from './domain-memory.js';
import { addressOfFrame, frameAt, PAGE_BYTES } from './frames.js';
import type { Page } from './page.js';
import { isWritable } from './page-types.js';
import type { PhysicalMap } from './physical-map.js';

/** The bits of an address that say where in its page it is. */
const IN_PAGE = 0xfff;

/**
 * Copies between Xen and a guest's addresses, page by page (arch/arm/guestcopy.c). A page counts only if the domain owns
 * it: get_page_from_gva refuses what was granted or mapped from another, and the hardware what the guest itself may not
 * access. What lies before a bad page has been copied when it fails.
 */
export class GuestCopy {
  readonly #port: MemoryPort;
  readonly #map: PhysicalMap;
  readonly #owner: DomainMemory;

  constructor(port: MemoryPort, map: PhysicalMap, owner: DomainMemory) {
    this.#port = port;
    this.#map = map;
    this.#owner = owner;
  }

  /** Copies between an operand from `at` on and what is `offset` bytes behind a guest-virtual address in two halves. */
  copyOperand(
    pe: Pe,
    low: number,
    high: number,
    offset: number,
    operand: Operand,
    at: number,
    length: number,
    write: boolean,
  ): boolean {
    if (length === 0) return true;
    const address = virtualAddressOf(low, high);
    // The last byte of all has the Number of "no address": nothing can begin there and go on.
    if (address === NO_ADDRESS) return false;
    const from = ((low & IN_PAGE) + offset) & IN_PAGE;
    // Nearly all operands lie within one page that is there already, and most are whole words.
    const page = from + length <= PAGE_BYTES ? this.#pageAt(pe, address + offset, write) : undefined;
    if (page === undefined) return this.copyBytes(pe, address + offset, operand.bytes, at, length, write);
    if (((from | at | length) & 3) !== 0) {
      if (write === true) copyBytes(page.bytes, from, operand.bytes, at, length);
      else copyBytes(operand.bytes, at, page.bytes, from, length);
    } else if (write === true) copyWords(page.cells, from >> 2, operand.words, at >> 2, length >> 2);
    else copyWords(operand.words, at >> 2, page.cells, from >> 2, length >> 2);
    return true;
  }

  /** Copies between a part of bytes and a guest-virtual address, which is negative in the upper half. */
  copyBytes(pe: Pe, address: number, bytes: Uint8Array, at: number, length: number, write: boolean): boolean {
    let from = address;
    let done = 0;
    while (done < length) {
      const physical = this.#port.translate(pe, from as GuestVirtual, write ? 'write' : 'read');
      if (physical < 0) return false;
      const frame = frameAt(physical);
      const offset = physical - frame * PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, length - done);
      if (!this.#copyInPage(frame, offset, bytes, at + done, count, write)) return false;
      done += count;
      from += count;
    }
    return true;
  }

  /**
   * The page that an address is in; undefined where an access fails, and where it needs the port's help. Flags are compared
   * here and in what this calls: a bare condition is a question after every kind of value, and costs several times as much.
   */
  #pageAt(pe: Pe, address: number, write: boolean): Page | undefined {
    const physical = this.#port.translate(pe, address as GuestVirtual, write ? 'write' : 'read');
    if (physical < 0) return undefined;
    const entry = this.#map.entryAt(frameAt(physical));
    const page = entry?.page;
    if (entry === undefined || page === undefined || page.owner !== this.#owner || page.isFree) return undefined;
    return page.hasBytes === true && (write === false || isWritable(entry.type)) ? page : undefined;
  }

  #copyInPage(frame: number, offset: number, bytes: Uint8Array, at: number, count: number, write: boolean): boolean {
    const entry = this.#map.entryAt(frame);
    if (entry?.page === undefined) {
      return this.#map.isUntouched(frame) && this.#byPort(frame, offset, bytes, at, count, write);
    }
    const { type, page } = entry;
    if (write && !isWritable(type)) return false;
    if (page.owner !== this.#owner || page.isFree) return false;
    if (!page.hasBytes) return this.#byPort(frame, offset, bytes, at, count, write);
    if (write) copyBytes(page.bytes, offset, bytes, at, count);
    else copyBytes(bytes, at, page.bytes, offset, count);
    return true;
  }

  /** RAM that the port cannot show as a page. */
  #byPort(frame: number, offset: number, bytes: Uint8Array, at: number, count: number, write: boolean): boolean {
    const address = (addressOfFrame(frame) + offset) as GuestPhysical;
    const part = bytes.subarray(at, at + count);
    return write ? this.#port.write(address, part) : this.#port.read(address, part);
  }
}

function copyBytes(target: Uint8Array, at: number, source: Uint8Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) target[at + i] = source[from + i] as number;
}
