/**
 * The general registers of one PE: one buffer, seen as 64-bit registers and as 32-bit halves.
 *
 * `x[n]` is Xn, `w[2n]` its low half and `w[2n + 1]` its high half. Halves are what the call path uses: a 64-bit
 * view makes a BigInt of every value read. Slot 31 is SP, slot 32 PC. The views rely on a little-endian host, as
 * every platform that runs JavaScript engines today is.
 *
 * In AArch32 state registers map as the architecture maps them (DDI 0487, D1.20.1): R0–R12 are X0–X12, R13 and R14
 * of the modes have X13–X23; high halves are not visible there.
 */
export interface Registers {
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
}

/** Slot of the stack pointer of the current exception level. */
export const SP = 31;
/** Slot of the program counter. */
export const PC = 32;
/** Slots in a register file: X0–X30, SP, PC and one to spare, for alignment. */
export const REGISTER_SLOTS = 34;

/** A register file of zeros. */
export function createRegisters(): Registers {
  const x = new BigUint64Array(REGISTER_SLOTS);
  return { x, w: new Uint32Array(x.buffer) };
}

/** Writes a 64-bit value, given as a Number below 2^53 or as a bigint, without rounding: bigints are cut to 64 bits. */
export function writeRegister(registers: Registers, slot: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    registers.x[slot] = BigInt.asUintN(64, value);
    return;
  }
  registers.w[2 * slot] = value;
  registers.w[2 * slot + 1] = value < 0 ? Math.floor(value / 0x1_0000_0000) : (value / 0x1_0000_0000) >>> 0;
}
