import type { GuestPhysical, SharedWords } from '@trapline/core';
import type { XenRegion } from '../binding.js';
import { DOMID_SELF } from '../domain/xen.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { type GuestMemory, guestWords, noMemory } from './guest-memory.js';
import type { MemoryCalls } from './memory-calls.js';
import type { GuestPage, PagePool } from './operand-area.js';
import { errorOf, type XenError } from './operations.js';

/** A frame of the guest's address space in which something of Xen's or of another domain's can be seen. */
export interface FrameSlot {
  readonly frame: number;
  readonly address: number;
  /** The words at the frame as it is mapped now. */
  words(): SharedWords;
}

/** Frames that one driver maps at most by itself. */
export const MAX_SLOTS = 0x1_0000;

/** The guest's own view of its physical map: holes to map into, and what is mapped. */
export class PhysicalMap {
  readonly #memory: GuestMemory;
  readonly #calls: MemoryCalls;
  readonly #pool: PagePool;
  readonly #regions: readonly XenRegion[];
  readonly #free: number[] = [];
  #region = 0;
  #next = 0n;

  constructor(memory: GuestMemory, calls: MemoryCalls, pool: PagePool, regions: readonly XenRegion[]) {
    this.#memory = memory;
    this.#calls = calls;
    this.#pool = pool;
    this.#regions = regions;
  }

  /** Maps a page of Xen's at a frame. */
  add(space: number, idx: number, frame: number): 0 | XenError {
    const result = this.#calls.addToPhysmap({ domid: DOMID_SELF, space, idx, gpfn: frame });
    return result === 0 ? 0 : (result as XenError);
  }

  /** Makes a frame a hole. */
  remove(frame: number): 0 | XenError {
    const result = this.#calls.removeFromPhysmap({ domid: DOMID_SELF, gpfn: frame });
    return result === 0 ? 0 : (result as XenError);
  }

  /**
   * A hole to map something into: of the extended regions that the tree names, or else where a page of the driver's own
   * was, which goes back to Xen first (a page that is mapped over is lost).
   */
  hole(): FrameSlot | XenError {
    const frame = this.#free.pop() ?? this.#nextOfRegions();
    if (frame !== undefined) return this.slot(frame);
    const page = this.#pool.take();
    const given = this.giveBack(page);
    return given === 0 ? this.slot(page.frame) : given;
  }

  /** A frame that is a hole again. */
  release({ frame }: FrameSlot): void {
    if (this.#free.length < MAX_SLOTS) this.#free.push(frame);
  }

  /** Gives a page of the guest's own back to Xen: its frame is a hole from now on. */
  giveBack({ frame }: Pick<GuestPage, 'frame'>): 0 | XenError {
    const done = this.#calls.decreaseReservation([frame]);
    return done === 1 ? 0 : errorOf(done < 0 ? done : NO_EXTENT);
  }

  slot(frame: number): FrameSlot {
    const address = frame * PAGE_BYTES;
    return { frame, address, words: () => guestWords(this.#memory, address, PAGE_BYTES) };
  }

  /** Reads what is mapped at an address. Throws a RangeError for a hole. */
  read(address: number, target: Uint8Array): void {
    if (!this.#memory.read(address as GuestPhysical, target)) throw noMemory(address);
  }

  /** Writes there. Throws a RangeError for a hole, and for what is mapped readonly. */
  write(address: number, source: Uint8Array): void {
    if (!this.#memory.write(address as GuestPhysical, source)) throw noMemory(address);
  }

  #nextOfRegions(): number | undefined {
    for (; this.#region < this.#regions.length; this.#region++, this.#next = 0n) {
      const { base, size } = this.#regions[this.#region] as XenRegion;
      if (this.#next + BigInt(PAGE_BYTES) > size) continue;
      const frame = Number((base + this.#next) / BigInt(PAGE_BYTES));
      this.#next += BigInt(PAGE_BYTES);
      return frame;
    }
    return undefined;
  }
}

/** What giving back a page is where Xen takes none: it says so by a count of 0. */
const NO_EXTENT = -12;
