import type { GuestPhysical, MemoryPort } from '@trapline/core';

/** Offsets in the shared memory of a channel (Linux, drivers/firmware/arm_scmi/shmem.c; DEN0056E, 5.1.2). */
const STATUS = 0x04;
const FLAGS = 0x10;
const LENGTH = 0x14;
const HEADER = 0x18;
const PAYLOAD = 0x1c;

/** Bits of the channel's status. */
const FREE = 1 << 0;
const ERROR = 1 << 1;

/** Bytes of a channel before its payload, and the largest payload that is handled. */
export const CHANNEL_OVERHEAD = PAYLOAD;
export const MAX_PAYLOAD = 128;

/** A message: header and payload. */
export interface Message {
  readonly header: number;
  readonly payload: Uint8Array;
}

/** Where a channel lies. */
export interface ChannelMemory {
  readonly address: number;
  readonly size: number;
}

/** One end of a channel's shared memory. What the other side can change is read once, then checked. */
export class Channel {
  readonly #memory: MemoryPort;
  readonly #at: ChannelMemory;

  constructor(memory: MemoryPort, at: ChannelMemory) {
    this.#memory = memory;
    this.#at = at;
  }

  /** Whether the platform has given the channel back, with or without an error; undefined where it cannot be read. */
  get free(): boolean | undefined {
    const status = this.#word(STATUS);
    return status === undefined ? undefined : (status & FREE) !== 0;
  }

  get failed(): boolean {
    return ((this.#word(STATUS) ?? ERROR) & ERROR) !== 0;
  }

  /** The message; undefined where its length cannot be right, or the memory not be read. */
  read(): Message | undefined {
    const length = this.#word(LENGTH);
    const header = this.#word(HEADER);
    if (length === undefined || header === undefined) return undefined;
    const size = length - 4;
    if (size < 0 || size > Math.min(MAX_PAYLOAD, this.#at.size - PAYLOAD)) return undefined;
    const payload = new Uint8Array(size);
    return size === 0 || this.#memory.read(this.#address(PAYLOAD), payload) ? { header, payload } : undefined;
  }

  /** The agent's message: the channel is busy until the platform has answered. False where it does not fit. */
  send({ header, payload }: Message): boolean {
    return this.#put(header, payload) && this.#set(FLAGS, 0) && this.#set(STATUS, 0);
  }

  /** The platform's answer gives the channel back. */
  answer({ header, payload }: Message): boolean {
    return this.#put(header, payload) ? this.#set(STATUS, FREE) : this.fail();
  }

  /** Gives the channel back, as it is at the beginning: an agent waits for that before it sends. */
  release(): boolean {
    return this.#set(STATUS, FREE);
  }

  /** Gives the channel back with an error. */
  fail(): boolean {
    return this.#set(STATUS, FREE | ERROR);
  }

  #put(header: number, payload: Uint8Array): boolean {
    if (payload.length > this.#at.size - PAYLOAD) return false;
    const written = payload.length === 0 || this.#memory.write(this.#address(PAYLOAD), payload);
    return written && this.#set(LENGTH, payload.length + 4) && this.#set(HEADER, header);
  }

  #word(offset: number): number | undefined {
    const bytes = new Uint8Array(4);
    return this.#memory.read(this.#address(offset), bytes) ? new DataView(bytes.buffer).getUint32(0, true) : undefined;
  }

  #set(offset: number, value: number): boolean {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return this.#memory.write(this.#address(offset), bytes);
  }

  #address(offset: number): GuestPhysical {
    return (this.#at.address + offset) as GuestPhysical;
  }
}
