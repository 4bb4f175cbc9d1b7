import { COMMAND_BYTES, MAX_COMMANDS, Operation } from './layout.js';

/** Bytes that one access of a command moves; atomics have 4 or 8. */
export type Width = 1 | 2 | 4 | 8;

/**
 * A list of commands for a CPU in the monitor, in the order in which it carries them out. Each method gives the number
 * by which {@link Commands.result} finds its result. Addresses are physical ones of the machine.
 *
 * Throws RangeError beyond {@link MAX_COMMANDS}.
 */
export class Commands {
  readonly bytes: Uint8Array = new Uint8Array(MAX_COMMANDS * COMMAND_BYTES);
  readonly #words: BigUint64Array = new BigUint64Array(this.bytes.buffer);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The bytes of the commands there are. */
  get encoded(): Uint8Array {
    return this.bytes.subarray(0, this.#count * COMMAND_BYTES);
  }

  read(address: number, width: Width): number {
    return this.#add(Operation.read, width, address, 0n, 0n);
  }

  write(address: number, width: Width, value: number | bigint): number {
    return this.#add(Operation.write, width, address, BigInt(value), 0n);
  }

  /** Sets bits in one step; the result is what the word was. */
  or(address: number, width: 4 | 8, bits: number | bigint): number {
    return this.#add(Operation.or, width, address, BigInt(bits), 0n);
  }

  /** Keeps only these bits, in one step; the result is what the word was. */
  and(address: number, width: 4 | 8, bits: number | bigint): number {
    return this.#add(Operation.and, width, address, BigInt(bits), 0n);
  }

  /** Stores where the word is as expected, in one step; the result is what it was. */
  exchange(address: number, width: 4 | 8, expected: number | bigint, replacement: number | bigint): number {
    const wanted = BigInt.asUintN(width * 8, BigInt(expected));
    return this.#add(Operation.exchange, width, address, BigInt(replacement), wanted);
  }

  /** Takes another CPU into the monitor: SGI 15, with ICC_SGI0R_EL1's 16 CPUs to a cluster. */
  kick(cpu: number): number {
    const value = (15n << 24n) | (BigInt(cpu >>> 4) << 16n) | (1n << BigInt(cpu & 0xf));
    return this.#add(Operation.kick, 8, 0, value, 0n);
  }

  /** Makes changes of stage 2's tables known to all CPUs. */
  invalidate(): number {
    return this.#add(Operation.invalidate, 8, 0, 0n, 0n);
  }

  /** A result, once the commands were carried out. */
  result(number: number): bigint {
    if (number < 0 || number >= this.#count) throw new RangeError(`there is no command ${number}`);
    return this.#words[number * 4 + 3] as bigint;
  }

  /** Forgets all commands. */
  clear(): void {
    this.#count = 0;
  }

  #add(operation: number, width: Width, address: number, value: bigint, result: bigint): number {
    if (this.#count === MAX_COMMANDS) throw new RangeError(`more than ${MAX_COMMANDS} commands at a time`);
    const at = this.#count * 4;
    this.#words[at] = BigInt(operation | (width << 8));
    this.#words[at + 1] = BigInt(address);
    this.#words[at + 2] = BigInt.asUintN(64, value);
    this.#words[at + 3] = result;
    return this.#count++;
  }
}
