import { REGISTER_SLOTS, type Registers } from '@trapline/core';
import { Field, HEAD_BYTES, REGISTERS } from './layout.js';

/** The slot after PC in the register file, where a frame has PSTATE (SPSR of the exception). */
export const PSTATE_SLOT = 33;

/**
 * The head of a CPU's mailbox as the outside holds it: the frame that the monitor wrote, and the answer that it will
 * read. The general registers in it are the register file of the CPU's `pe`: nothing is copied between the two.
 */
export class Frame {
  readonly bytes: Uint8Array = new Uint8Array(HEAD_BYTES);
  /** The whole of it by 64-bit fields: field at offset `n` is `fields[n / 8]`. */
  readonly fields: BigUint64Array = new BigUint64Array(this.bytes.buffer);
  /** The same in 32-bit halves. */
  readonly halves: Uint32Array = new Uint32Array(this.bytes.buffer);
  readonly registers: Registers = {
    x: new BigUint64Array(this.bytes.buffer, REGISTERS, REGISTER_SLOTS),
    w: new Uint32Array(this.bytes.buffer, REGISTERS, 2 * REGISTER_SLOTS),
  };

  /** The low half of a field, as int32. */
  low(offset: number): number {
    return (this.halves[offset >>> 2] as number) | 0;
  }

  get(offset: number): bigint {
    return this.fields[offset >>> 3] as bigint;
  }

  set(offset: number, value: number | bigint): void {
    this.fields[offset >>> 3] = BigInt.asUintN(64, BigInt(value));
  }

  /** What brought the CPU into the monitor. */
  get event(): number {
    return this.low(Field.event);
  }

  get pstate(): number {
    return (this.registers.w[2 * PSTATE_SLOT] as number) | 0;
  }

  set pstate(value: number) {
    this.registers.w[2 * PSTATE_SLOT] = value;
    this.registers.w[2 * PSTATE_SLOT + 1] = 0;
  }
}
