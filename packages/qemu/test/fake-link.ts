import {
  type Commands,
  Field,
  Flag,
  type Frame,
  HEAD_BYTES,
  type LinkMemory,
  type MonitorLink,
  Operation,
} from '@trapline/qemu';

const BASE = 0x4000_0000;

/** What a CPU of the fake machine was told last. */
export interface Told {
  readonly how: 'resume' | 'sleep';
  /** Flags and control registers of a `resume`, or whether a `sleep` is `off`. */
  readonly flags: number;
  readonly hcr: bigint;
  readonly head: BigUint64Array;
}

/** A machine without QEMU: its CPUs ring when the test says so, and commands work on plain memory. */
export class FakeLink implements MonitorLink {
  readonly cpus: number;
  onRing: (cpu: number) => void = () => {};
  readonly bytes: Uint8Array;
  readonly memory: LinkMemory;
  /** Frames that CPUs would write. */
  readonly heads: BigUint64Array[];
  readonly told: Told[] = [];
  readonly kicks: bigint[] = [];
  /** Writes of commands outside memory: addresses and values. */
  readonly devices: [address: number, value: bigint][] = [];
  attentions = 0;
  invalidations = 0;
  readonly resets: number[] = [];

  constructor(cpus: number, size = 0x40_0000) {
    this.cpus = cpus;
    this.bytes = new Uint8Array(size);
    this.heads = Array.from({ length: cpus }, () => new BigUint64Array(HEAD_BYTES / 8));
    this.memory = {
      base: BASE,
      size,
      read: (address, target) => target.set(this.bytes.subarray(address - BASE, address - BASE + target.length)),
      write: (address, source) => this.bytes.set(source, address - BASE),
    };
  }

  /** A CPU enters the monitor. */
  ring(
    cpu: number,
    fields: Readonly<Record<number, number | bigint>>,
    registers: readonly (number | bigint)[] = [],
  ): Told {
    const head = this.heads[cpu] as BigUint64Array;
    for (const [offset, value] of Object.entries(fields)) head[Number(offset) / 8] = BigInt.asUintN(64, BigInt(value));
    registers.forEach((value, i) => {
      head[0x100 / 8 + i] = BigInt.asUintN(64, BigInt(value));
    });
    this.onRing(cpu);
    return this.told[cpu] as Told;
  }

  readFrame(cpu: number, frame: Frame, registers: boolean): void {
    const end = registers ? Field.flags / 8 : 0x100 / 8;
    frame.fields.set((this.heads[cpu] as BigUint64Array).subarray(0, end));
  }

  resume(cpu: number, frame: Frame): void {
    const head = this.heads[cpu] as BigUint64Array;
    head.set(frame.fields);
    this.told[cpu] = { how: 'resume', flags: frame.low(Field.flags), hcr: frame.get(Field.hcr), head: head.slice() };
  }

  sleep(cpu: number, off: boolean): void {
    const head = (this.heads[cpu] as BigUint64Array).slice();
    this.told[cpu] = { how: 'sleep', flags: off ? Flag.off : 0, hcr: 0n, head };
  }

  execute(_cpu: number, commands: Commands): void {
    const words = new BigUint64Array(commands.bytes.buffer);
    for (let i = 0; i < commands.count; i++) this.#carryOut(words.subarray(i * 4, i * 4 + 4));
  }

  reset(cpu: number): void {
    this.resets.push(cpu);
  }

  attention(): void {
    this.attentions++;
  }

  #carryOut(words: BigUint64Array): void {
    const operation = Number((words[0] as bigint) & 0xffn);
    const width = Number(((words[0] as bigint) >> 8n) & 0xffn);
    const address = Number(words[1] as bigint);
    const value = words[2] as bigint;
    if (operation === Operation.kick) {
      this.kicks.push(value);
      return;
    }
    if (operation === Operation.invalidate) {
      this.invalidations++;
      return;
    }
    const inside = address >= BASE && address + width <= BASE + this.bytes.length;
    if (!inside) {
      this.devices.push([address, value]);
      return;
    }
    const old = this.#load(address, width);
    const expected = words[3] as bigint;
    words[3] = old;
    if (operation === Operation.write) this.#store(address, width, value);
    if (operation === Operation.or) this.#store(address, width, old | value);
    if (operation === Operation.and) this.#store(address, width, old & value);
    if (operation === Operation.exchange && old === expected) this.#store(address, width, value);
  }

  #load(address: number, width: number): bigint {
    let value = 0n;
    for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[address - BASE + i] as number);
    return value;
  }

  #store(address: number, width: number, value: bigint): void {
    for (let i = 0; i < width; i++) this.bytes[address - BASE + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
}

/** A register of what a CPU goes on with. */
export function registerOf(told: Told, slot: number): bigint {
  return told.head[0x100 / 8 + slot] as bigint;
}
