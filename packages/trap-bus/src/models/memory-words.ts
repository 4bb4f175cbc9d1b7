import type { GuestPhysical, MemoryPort } from '@trapline/core';

/** Order of the bytes of a value in guest memory. */
export type ByteOrder = 'little' | 'big';

/**
 * Values in guest memory by width, for the host's side: loaders, tests, services that read structures.
 *
 * Readers give undefined where a byte is not memory, writers false (and nothing is written).
 */
export class MemoryWords {
  readonly #memory: MemoryPort;
  readonly #bytes: readonly Uint8Array[];
  readonly #view: DataView;

  constructor(memory: MemoryPort) {
    const buffer = new ArrayBuffer(8);
    this.#memory = memory;
    this.#view = new DataView(buffer);
    this.#bytes = [1, 2, 4, 8].map((length) => new Uint8Array(buffer, 0, length));
  }

  u8(address: GuestPhysical): number | undefined {
    return this.#load(address, 0) ? this.#view.getUint8(0) : undefined;
  }

  u16(address: GuestPhysical, order: ByteOrder = 'little'): number | undefined {
    return this.#load(address, 1) ? this.#view.getUint16(0, order === 'little') : undefined;
  }

  u32(address: GuestPhysical, order: ByteOrder = 'little'): number | undefined {
    return this.#load(address, 2) ? this.#view.getUint32(0, order === 'little') : undefined;
  }

  u64(address: GuestPhysical, order: ByteOrder = 'little'): bigint | undefined {
    return this.#load(address, 3) ? this.#view.getBigUint64(0, order === 'little') : undefined;
  }

  setU8(address: GuestPhysical, value: number): boolean {
    this.#view.setUint8(0, value);
    return this.#store(address, 0);
  }

  setU16(address: GuestPhysical, value: number, order: ByteOrder = 'little'): boolean {
    this.#view.setUint16(0, value, order === 'little');
    return this.#store(address, 1);
  }

  setU32(address: GuestPhysical, value: number, order: ByteOrder = 'little'): boolean {
    this.#view.setUint32(0, value, order === 'little');
    return this.#store(address, 2);
  }

  setU64(address: GuestPhysical, value: bigint, order: ByteOrder = 'little'): boolean {
    this.#view.setBigUint64(0, value, order === 'little');
    return this.#store(address, 3);
  }

  #load(address: GuestPhysical, log2: number): boolean {
    return this.#memory.read(address, this.#bytes[log2] as Uint8Array);
  }

  #store(address: GuestPhysical, log2: number): boolean {
    return this.#memory.write(address, this.#bytes[log2] as Uint8Array);
  }
}
