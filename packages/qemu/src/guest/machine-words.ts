import type { SharedWords } from '@trapline/core';
import { Commands } from '../monitor/commands.js';
import type { LinkMemory } from '../monitor/link.js';
import type { Executor } from './executor.js';

/** 32-bit words in a running machine: each operation is an instruction that a CPU in the monitor executes. */
export class MachineWords implements SharedWords {
  readonly #executor: Executor;
  readonly #memory: LinkMemory;
  readonly #address: number;
  readonly #count: number;
  readonly #commands: Commands = new Commands();

  constructor(executor: Executor, memory: LinkMemory, address: number, count: number) {
    this.#executor = executor;
    this.#memory = memory;
    this.#address = address;
    this.#count = count;
  }

  load(index: number): number {
    this.#commands.clear();
    this.#commands.read(this.#at(index), 4);
    return this.#carryOut();
  }

  store(index: number, value: number): void {
    this.#commands.clear();
    this.#commands.write(this.#at(index), 4, value >>> 0);
    this.#carryOut();
  }

  or(index: number, bits: number): number {
    this.#commands.clear();
    this.#commands.or(this.#at(index), 4, bits >>> 0);
    return this.#carryOut();
  }

  and(index: number, bits: number): number {
    this.#commands.clear();
    this.#commands.and(this.#at(index), 4, bits >>> 0);
    return this.#carryOut();
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    this.#commands.clear();
    this.#commands.exchange(this.#at(index), 4, expected >>> 0, replacement >>> 0);
    return this.#carryOut();
  }

  /** Past the CPU, in one piece: what a CPU has been told by {@link load} to be there is there. */
  read(offset: number, target: Uint8Array): void {
    this.#memory.read(this.#from(offset, target), target);
  }

  write(offset: number, source: Uint8Array): void {
    this.#memory.write(this.#from(offset, source), source);
  }

  #from(offset: number, { length }: Uint8Array): number {
    if (offset >= 0 && offset + length <= 4 * this.#count) return this.#address + offset;
    throw new RangeError(`there are ${4 * this.#count} bytes, not ${length} from ${offset} on`);
  }

  #carryOut(): number {
    this.#executor.execute(this.#commands);
    return Number(BigInt.asIntN(32, this.#commands.result(0)));
  }

  #at(index: number): number {
    if (index >= 0 && index < this.#count) return this.#address + 4 * index;
    throw new RangeError(`there are ${this.#count} words, no number ${index}`);
  }
}
