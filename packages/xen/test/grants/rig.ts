import type { MemoryPort, PortName, Service, SharedWords } from '@trapline/core';
import { createMachine, type Guest, type Machine, type Vcpu } from '@trapline/trap-bus';
import { GTF } from '../../src/abi/grant-flags.js';
import { grantTableOperations } from '../../src/abi/operations/grant-table.js';
import type { Structure } from '../../src/abi/structure.js';
import { attachDomain } from '../../src/domain/attachment.js';
import type { DomainConfig } from '../../src/domain/config.js';
import { Domain } from '../../src/domain/domain.js';
import type { AccessPolicy } from '../../src/domain/policy.js';
import { DomainServices } from '../../src/domain/services.js';
import { Xen } from '../../src/domain/xen.js';
import type { Page } from '../../src/memory/page.js';
import { profileOf, type XenProfileName } from '../../src/profiles.js';

export const RAM = 0x4000_0000;
export const RAM_FRAME: number = RAM / 4096;
export const RAM_FRAMES = 64;
/** Where operands are put: page 0 of RAM. Pages of data begin here, as frames. */
export const DATA_FRAME: number = RAM_FRAME + 8;
/** Frames outside of RAM, where grants are mapped. */
export const HOLE_FRAME = 0x3_0000;
const GRANT_TABLE_OP = 20;

const NEEDS: readonly PortName[] = ['power', 'memory', 'interrupts', 'clock', 'system', 'log'];

export interface RigOptions {
  readonly policy?: AccessPolicy['name'];
  readonly grantVersion?: 1 | 2;
  readonly profile?: XenProfileName;
  readonly vcpus?: number;
  /** The memory of each guest, where it is not the default. */
  readonly ports?: () => MemoryPort;
}

/** Domains under one Xen, on one machine: numbers 1, 2, … and 0 for a privileged one. */
export function rigOf(members: readonly DomainConfig[], options: RigOptions = {}): readonly Party[] {
  const { policy = 'dummy', grantVersion = 1, profile = 'xen-4.17', vcpus = 1, ports } = options;
  const xen = new Xen({ ...profileOf(profile), policy, grantVersion });
  const domains: Domain[] = [];
  const service: Service = {
    name: 'xen',
    levels: ['el2'],
    needs: NEEDS,
    start: () => ({
      attach: (guest) => {
        const config = members[domains.length] as DomainConfig;
        const ordinary = domains.filter(({ privileged }) => !privileged).length;
        const domain = new Domain(xen, config.privileged ? 0 : ordinary + 1, guest.name, config, guest);
        xen.add(domain);
        domains.push(domain);
        return attachDomain(domain, guest, new DomainServices(domain, undefined, []));
      },
    }),
  };
  const machine = createMachine({
    guests: members.map((_, i) => ({
      memory: [{ base: RAM, size: RAM_FRAMES * 4096 }],
      ...(ports && { ports: { memory: ports() } }),
      name: `d${i}`,
      vcpus,
      services: { el2: [service] },
    })),
  });
  return domains.map((domain, i) => new Party(machine, machine.guest(`d${i}`), domain));
}

type CommandName = keyof typeof grantTableOperations.operations;

/** One domain, as its guest uses it. */
export class Party {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly domain: Domain;

  constructor(machine: Machine, guest: Guest, domain: Domain) {
    this.machine = machine;
    this.guest = guest;
    this.domain = domain;
  }

  get id(): number {
    return this.domain.id;
  }

  /** grant_table_op with any arguments, again while it is preempted; X0 as a signed number. */
  op(args: readonly (number | bigint)[], cpu = 0): number {
    const vcpu = this.guest.vcpus[cpu] as Vcpu;
    vcpu.x[16] = BigInt(GRANT_TABLE_OP);
    args.forEach((value, i) => {
      vcpu.x[i] = BigInt(value);
    });
    let outcome = this.machine.trap(vcpu, 'hvc', 0xea1);
    for (let i = 0; outcome.kind === 'again' && i < 1_000_000; i++) outcome = this.machine.trap(vcpu, 'hvc', 0xea1);
    if (outcome.kind !== 'returned') throw new Error(`the call came to ${outcome.kind}`);
    return Number(BigInt.asIntN(64, vcpu.x[0] as bigint));
  }

  /** A command on structures, which lie at the start of RAM and hold 0xee where nothing is given; what they hold then. */
  // biome-ignore lint/suspicious/noExplicitAny: fields depend on the command
  list(name: CommandName, values: readonly object[], cpu = 0): any[] {
    const { command, structure } = grantTableOperations.operations[name] as {
      readonly command: number;
      readonly structure: Structure;
    };
    values.forEach((value, i) => {
      const bytes = new Uint8Array(structure.size).fill(0xee);
      this.put(RAM + i * structure.size, structure.encode(value as never, bytes));
    });
    const result = this.op([command, RAM, values.length], cpu);
    return values.map((_, i) => ({
      ...structure.decode(this.take(RAM + i * structure.size, structure.size)),
      result,
    }));
  }

  /** A command on one structure. */
  // biome-ignore lint/suspicious/noExplicitAny: fields depend on the command
  one(name: CommandName, value: object, cpu = 0): any {
    return this.list(name, [value], cpu)[0];
  }

  /** Maps a grant at a frame; the structure afterwards. */
  map(granter: Party, ref: number, frame: number, flags = 2, cpu = 0): { status: number; handle: number } {
    return this.one('mapGrantRef', { host_addr: BigInt(frame) * 4096n, flags, ref, dom: granter.id }, cpu);
  }

  /** Ends a mapping; its status. */
  unmap(handle: number, frame: number): number {
    return this.one('unmapGrantRef', { host_addr: BigInt(frame) * 4096n, dev_bus_addr: 0, handle }).status;
  }

  /** Fills an entry of version 1. */
  grant(ref: number, to: Party | number, frame: number, flags: number = GTF.permit_access): void {
    const domid = typeof to === 'number' ? to : to.id;
    const { words } = this.domain.grants.frames(ref >> 9) as Page;
    words.store((ref & 511) * 2 + 1, frame);
    words.store((ref & 511) * 2, (domid << 16) | flags);
  }

  /** Fills an entry of version 2 by its four words. */
  grant2(ref: number, header: number, second: number, third: number, fourth = 0): void {
    const { words } = this.domain.grants.frames(ref >> 8) as Page;
    const at = (ref & 255) * 4;
    words.store(at + 1, second);
    words.store(at + 2, third);
    words.store(at + 3, fourth);
    words.store(at, header);
  }

  /** The flags of an entry of version 1. */
  flags(ref: number): number {
    return this.entry(ref) & 0xffff;
  }

  /** The first word of an entry of version 1. */
  entry(ref: number): number {
    return (this.domain.grants.frames(ref >> 9) as Page).words.load((ref & 511) * 2);
  }

  /** The words of the first frame of the table. */
  get table(): SharedWords {
    return (this.domain.grants.frames(0) as Page).words;
  }

  /** Puts bytes into guest memory. */
  put(address: number, bytes: Uint8Array): void {
    if (!this.guest.ports.memory.write(address as never, bytes)) throw new Error('no memory there');
  }

  /** Takes bytes out of guest memory. */
  take(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    if (!this.guest.ports.memory.read(address as never, bytes)) throw new Error('no memory there');
    return bytes;
  }

  /** A text at the start of a frame. */
  say(frame: number, text: string): void {
    this.put(frame * 4096, new TextEncoder().encode(text));
  }

  /** What stands at the start of a frame, as text; `hole` where the guest has no memory. */
  see(frame: number, length = 8): string {
    const bytes = new Uint8Array(length);
    if (!this.guest.ports.memory.read((frame * 4096) as never, bytes)) return 'hole';
    return new TextDecoder().decode(bytes);
  }
}
