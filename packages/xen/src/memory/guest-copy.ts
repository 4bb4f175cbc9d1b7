import { type GuestVirtual, type MemoryPort, NO_ADDRESS, type Pe, virtualAddressOf } from '@trapline/core';
import type { DomainMemory } from './domain-memory.js';
import { addressOfFrame, PAGE_BYTES } from './frames.js';
import type { PhysicalMap } from './physical-map.js';

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

  /** Copies at the guest-virtual address in two halves. */
  copyHalves(
    pe: Pe,
    low: number,
    high: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    write: boolean,
  ): boolean {
    if (length === 0) return true;
    const address = virtualAddressOf(low, high);
    // The last byte of all has the Number of "no address": nothing can begin there and go on.
    return address !== NO_ADDRESS && this.copy(pe, address, bytes, at, length, write);
  }

  /** Copies `offset` bytes behind an address: a field of a structure, an element of a list. */
  copyItem(
    pe: Pe,
    low: number,
    high: number,
    offset: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    write: boolean,
  ): boolean {
    const address = virtualAddressOf(low, high);
    return address !== NO_ADDRESS && this.copy(pe, address + offset, bytes, at, length, write);
  }

  /** Copies between `bytes` from `at` on and a guest-virtual address, which is negative in the upper half. */
  copy(pe: Pe, address: number, bytes: Uint8Array, at: number, length: number, write: boolean): boolean {
    let from = address;
    let done = 0;
    while (done < length) {
      const physical = this.#port.translate(pe, from as GuestVirtual, write ? 'write' : 'read');
      if (physical < 0) return false;
      const frame = Math.floor(physical / PAGE_BYTES);
      const offset = physical - frame * PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, length - done);
      if (!this.#page(frame, offset, bytes, at + done, count, write)) return false;
      done += count;
      from += count;
    }
    return true;
  }

  #page(frame: number, offset: number, bytes: Uint8Array, at: number, count: number, write: boolean): boolean {
    const type = this.#map.typeOf(frame);
    if (type === 'hole' || type === 'device') return false;
    if (write && (type === 'ram-ro' || type === 'grant-ro' || type === 'foreign-ro')) return false;
    const page = this.#map.pageAt(frame);
    if (page === undefined) return this.#byPort(frame, offset, bytes, at, count, write);
    if (page.owner !== this.#owner || page.isFree) return false;
    if (page.isMoved) return this.#byPort(frame, offset, bytes, at, count, write);
    const memory = page.bytes;
    if (write) for (let i = 0; i < count; i++) memory[offset + i] = bytes[at + i] as number;
    else for (let i = 0; i < count; i++) bytes[at + i] = memory[offset + i] as number;
    return true;
  }

  /** RAM that the port cannot show as a page. */
  #byPort(frame: number, offset: number, bytes: Uint8Array, at: number, count: number, write: boolean): boolean {
    const address = addressOfFrame(frame) + offset;
    const part = bytes.subarray(at, at + count);
    return write ? this.#port.write(address as never, part) : this.#port.read(address as never, part);
  }
}
