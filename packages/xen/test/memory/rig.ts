import { createMachine, type Guest, type GuestSpec, type Machine } from '@trapline/trap-bus';
import { type DomainConfig, type HypervisorOptions, hypervisor } from '@trapline/xen';
import { DOMID_SELF, type MemoryCommand, memoryStructures } from './structures.js';

export const RAM = 0x4000_0000;
export const FRAME: number = RAM / 4096;
export const RAM_PAGES = 64;
/** Operands, lists and what lists name stand in the first pages of RAM; from here on it is free. */
export const FREE: number = FRAME + 8;
/** Frames outside of RAM. */
export const HOLE = 0x3_0000;
/** Where lists are put. */
export const LIST: number = RAM + 0x1000;

const MEMORY_OP = 12n;

/** One domain, as its guest uses memory_op. */
export class Party {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly id: number;

  constructor(machine: Machine, name: string, id: number) {
    this.machine = machine;
    this.guest = machine.guest(name);
    this.id = id;
  }

  /** memory_op with a command and a pointer, again while it is preempted. X0 as a signed number. */
  op(command: number | bigint, pointer: number | bigint = RAM): number {
    const outcome = this.step(command, pointer);
    return outcome === 'again' ? this.again() : this.#result(outcome);
  }

  /** Goes on with a call that was preempted. */
  again(): number {
    let outcome = 'again';
    for (let i = 0; outcome === 'again' && i < 100_000; i++) outcome = this.#trap();
    return this.#result(outcome);
  }

  /** The same, once. */
  step(command: number | bigint, pointer: number | bigint = RAM): string {
    const { x } = this.guest.vcpus[0] as { x: BigUint64Array };
    x[16] = MEMORY_OP;
    x[0] = BigInt(command);
    x[1] = BigInt(pointer);
    return this.#trap();
  }

  /** A command with its structure at the start of RAM. */
  call(name: MemoryCommand, value: object = {}): number {
    const { command, structure } = memoryStructures(name);
    if (structure) this.put(RAM, structure.encode(value as never));
    return this.op(command);
  }

  /** A change of the reservation: extents done. */
  extents(name: MemoryCommand, frames: readonly number[], more: object = {}): number {
    this.put(LIST, new Uint8Array(BigUint64Array.from(frames, (frame) => BigInt(frame)).buffer));
    return this.call(name, { extentStart: LIST, nrExtents: frames.length, domid: DOMID_SELF, ...more });
  }

  populate(...frames: number[]): number {
    return this.extents('populatePhysmap', frames);
  }

  decrease(...frames: number[]): number {
    return this.extents('decreaseReservation', frames);
  }

  remove(frame: number, domid: number = DOMID_SELF): number {
    return this.call('removeFromPhysmap', { domid, gpfn: frame });
  }

  /** XENMEM_add_to_physmap. */
  add(space: number, idx: number | bigint, gpfn: number | bigint, domid: number = DOMID_SELF, size = 0): number {
    return this.call('addToPhysmap', { domid, space, idx, gpfn, size });
  }

  /** XENMEM_add_to_physmap_batch: the result, and the error of each. */
  batch(
    space: number,
    pairs: readonly (readonly [idx: number, gpfn: number | bigint])[],
    more: object = {},
  ): [number, number[]] {
    this.put(LIST, new Uint8Array(BigUint64Array.from(pairs, ([idx]) => BigInt(idx)).buffer));
    this.put(LIST + 0x1000, new Uint8Array(BigUint64Array.from(pairs, ([, gpfn]) => BigInt(gpfn)).buffer));
    this.put(LIST + 0x2000, new Uint8Array(4 * pairs.length).fill(0xee));
    const lists = { idxs: LIST, gpfns: LIST + 0x1000, errs: LIST + 0x2000 };
    const result = this.call('addToPhysmapBatch', { domid: DOMID_SELF, space, size: pairs.length, ...lists, ...more });
    return [result, [...new Int32Array(this.take(LIST + 0x2000, 4 * pairs.length).buffer)]];
  }

  current(domid: number = DOMID_SELF): number {
    return this.call('currentReservation', { domid });
  }

  highest(domid: number = DOMID_SELF): number {
    return this.call('maximumGpfn', { domid });
  }

  put(address: number, bytes: Uint8Array): void {
    if (!this.guest.ports.memory.write(address as never, bytes)) throw new Error('no memory there');
  }

  take(address: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    if (!this.guest.ports.memory.read(address as never, bytes)) throw new Error('no memory there');
    return bytes;
  }

  /** Puts a number at the start of a frame. */
  mark(frame: number, value: number): void {
    this.put(frame * 4096, Uint8Array.of(value));
  }

  /** The byte at the start of a frame; `hole` where there is no memory. */
  see(frame: number): number | 'hole' {
    const bytes = new Uint8Array(1);
    return this.guest.ports.memory.read((frame * 4096) as never, bytes) ? (bytes[0] as number) : 'hole';
  }

  #result(outcome: string): number {
    if (outcome !== 'returned') throw new Error(`the call came to ${outcome}`);
    return Number(BigInt.asIntN(64, this.guest.vcpus[0]?.x[0] as bigint));
  }

  #trap(): string {
    const vcpu = this.guest.vcpus[0];
    if (vcpu === undefined) throw new Error('no vCPU');
    return this.machine.trap(vcpu, 'hvc', 0xea1).kind;
  }
}

export interface RigOptions extends Omit<HypervisorOptions, 'domains'> {
  readonly guest?: Partial<GuestSpec>;
}

/** Domains under one Xen: 1, 2, … and 0 for a privileged one. */
export function rigOf(members: readonly DomainConfig[], options: RigOptions = {}): readonly Party[] {
  const { guest, ...rest } = options;
  let next = 1;
  const domains = members.map((config) => ({ id: config.privileged ? 0 : next++, ...config }));
  const xen = hypervisor({
    policy: 'dummy',
    ...rest,
    domains: Object.fromEntries(domains.map((config, i) => [`d${i}`, config])),
  });
  const machine = createMachine({
    guests: members.map((_, i) => ({
      memory: [{ base: RAM, size: RAM_PAGES * 4096 }],
      ...guest,
      name: `d${i}`,
      vcpus: 1,
      services: { el2: [xen] },
    })),
  });
  return domains.map(({ id }, i) => new Party(machine, `d${i}`, id));
}

/** One ordinary domain. */
export function domU(options: RigOptions = {}): Party {
  return rigOf([{}], options)[0] as Party;
}
