import { type GuestPhysical, type MemoryPort, SequentialWords, type SharedWords } from '@trapline/core';
import { wordsAt } from '../memory/page-words.js';

/**
 * The guest's memory as its own code reaches it, by guest-physical addresses: what a driver shares with Xen lies there. A
 * bus's memory port fits.
 */
export type GuestMemory = Pick<MemoryPort, 'read' | 'write' | 'view' | 'sharedWords'>;

/** A part of the guest's RAM that the driver may use as it likes. */
export interface ScratchArea {
  /** Guest-physical, on a page's boundary. */
  readonly base: number;
  readonly size: number;
  /**
   * Where the guest's own translation has it, as hypercalls take virtual pointers; the same address where absent (MMU
   * off, or mapped flat). Addresses of the upper half are negative Numbers.
   */
  readonly virtual?: number;
}

/** Words of a range of guest memory, whichever way the port has them. Throws a RangeError where there is no memory. */
export function guestWords(memory: GuestMemory, address: number, length: number): SharedWords {
  return wordsAt(memory as MemoryPort, address as GuestPhysical, length) ?? new PortWords(memory, address);
}

/**
 * Words through a port that can neither give a view nor indivisible operations. One thread runs the guest and its
 * hypervisor there, so reading and writing one after the other is indivisible enough.
 */
class PortWords extends SequentialWords {
  readonly #memory: GuestMemory;
  readonly #address: number;
  readonly #word = new Int32Array(1);
  readonly #bytes = new Uint8Array(this.#word.buffer);

  constructor(memory: GuestMemory, address: number) {
    super();
    this.#memory = memory;
    this.#address = address;
  }

  load(index: number): number {
    if (!this.#memory.read(this.#at(index), this.#bytes)) throw noMemory(this.#at(index));
    return this.#word[0] as number;
  }

  store(index: number, value: number): void {
    this.#word[0] = value;
    if (!this.#memory.write(this.#at(index), this.#bytes)) throw noMemory(this.#at(index));
  }

  #at(index: number): GuestPhysical {
    return (this.#address + 4 * index) as GuestPhysical;
  }
}

/** The driver's own code went where no memory is: a guest would take a data abort. */
export function noMemory(address: number): RangeError {
  return new RangeError(`no guest memory at 0x${address.toString(16)}`);
}
