import {
  type GuestPhysical,
  type GuestVirtual,
  type MemoryPort,
  NO_ADDRESS,
  type Pe,
  virtualAddressOf,
} from '@trapline/core';
import type { Operand } from '../calls/operand.js';
import type { DomainMemory } from './domain-memory.js';
import { addressOfFrame, frameAt, PAGE_BYTES } from './frames.js';
import type { PhysicalMap } from './physical-map.js';

/** Bytes on Xen's side, and the same as words where they have any. */
type Buffer = Pick<Operand, 'bytes'> & Partial<Pick<Operand, 'words'>>;

const NOTHING = new Uint8Array(0);

/**
 * Copies between Xen and a guest's addresses, page by page (arch/arm/guestcopy.c). A page counts only if the domain owns
 * it: get_page_from_gva refuses what was granted or mapped from another, and the hardware what the guest itself may not
 * access. What lies before a bad page has been copied when it fails.
 */
export class GuestCopy {
  readonly #port: MemoryPort;
  readonly #map: PhysicalMap;
  readonly #owner: DomainMemory;
  /** Bytes of a caller's, while they are copied. */
  readonly #raw: { bytes: Uint8Array } = { bytes: NOTHING };

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
    return address !== NO_ADDRESS && this.#copy(pe, address + offset, operand, at, length, write);
  }

  /** Copies between bytes and a guest-virtual address, which is negative in the upper half. */
  copyBytes(pe: Pe, address: number, bytes: Uint8Array, write: boolean): boolean {
    this.#raw.bytes = bytes;
    const copied = this.#copy(pe, address, this.#raw, 0, bytes.length, write);
    this.#raw.bytes = NOTHING;
    return copied;
  }

  #copy(pe: Pe, address: number, buffer: Buffer, at: number, length: number, write: boolean): boolean {
    let from = address;
    let done = 0;
    while (done < length) {
      const physical = this.#port.translate(pe, from as GuestVirtual, write ? 'write' : 'read');
      if (physical < 0) return false;
      const frame = frameAt(physical);
      const offset = physical - frame * PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, length - done);
      if (!this.#page(frame, offset, buffer, at + done, count, write)) return false;
      done += count;
      from += count;
    }
    return true;
  }

  #page(frame: number, offset: number, buffer: Buffer, at: number, count: number, write: boolean): boolean {
    const entry = this.#map.entryAt(frame);
    if (entry?.page === undefined) {
      return this.#map.isUntouched(frame) && this.#byPort(frame, offset, buffer.bytes, at, count, write);
    }
    const { type, page } = entry;
    if (write && (type === 'ram-ro' || type === 'grant-ro' || type === 'foreign-ro')) return false;
    if (page.owner !== this.#owner || page.isFree) return false;
    const { bytes, words } = buffer;
    if (!page.hasBytes) return this.#byPort(frame, offset, bytes, at, count, write);
    // Nearly all operands are whole words.
    if (words !== undefined && ((offset | at | count) & 3) === 0) {
      copyWords(page.cells, offset >> 2, words, at >> 2, count >> 2, write);
    } else if (write) for (let i = 0; i < count; i++) page.bytes[offset + i] = bytes[at + i] as number;
    else for (let i = 0; i < count; i++) bytes[at + i] = page.bytes[offset + i] as number;
    return true;
  }

  /** RAM that the port cannot show as a page. */
  #byPort(frame: number, offset: number, bytes: Uint8Array, at: number, count: number, write: boolean): boolean {
    const address = (addressOfFrame(frame) + offset) as GuestPhysical;
    const part = bytes.subarray(at, at + count);
    return write ? this.#port.write(address, part) : this.#port.read(address, part);
  }
}

function copyWords(
  page: Int32Array,
  at: number,
  words: Uint32Array,
  from: number,
  count: number,
  write: boolean,
): void {
  if (write) for (let i = 0; i < count; i++) page[at + i] = words[from + i] as number;
  else for (let i = 0; i < count; i++) words[from + i] = page[at + i] as number;
}
