import type { Outcome, PortName, Service, SharedWords } from '@trapline/core';
import {
  createMachine,
  type Gic,
  type Guest,
  type GuestSpec,
  type Machine,
  type Vcpu,
  type VirtualClock,
} from '@trapline/trap-bus';
import type { Structure } from '../../src/abi/structure.js';
import { attachDomain } from '../../src/domain/attachment.js';
import type { DomainConfig } from '../../src/domain/config.js';
import { Domain } from '../../src/domain/domain.js';
import type { AccessPolicy } from '../../src/domain/policy.js';
import { DomainServices } from '../../src/domain/services.js';
import { Xen } from '../../src/domain/xen.js';
import { profileOf, type XenProfileName } from '../../src/profiles.js';

/** Where each domain's RAM begins, and how much there is. */
export const RAM = 0x4000_0000;
export const RAM_BYTES = 0x20_0000;
/** Where operands are put, and a page that nothing else uses. */
export const OPERAND: number = RAM + 0x1000;
export const SPARE: number = RAM + 0x4000;
/** An address that is no memory. */
export const HOLE = 0x1000_0000;

/** Numbers of the hypercalls under test. */
export const VCPU_OP = 24;
export const SCHED_OP = 29;
export const EVENT_CHANNEL_OP = 32;

const NEEDS: readonly PortName[] = ['power', 'memory', 'interrupts', 'clock', 'system', 'log'];

/** What a domain of the rig is made of. */
export interface Member extends DomainConfig {
  readonly vcpus?: number;
}

/** Domains under one Xen, on one machine. */
export interface Rig {
  readonly xen: Xen;
  readonly machine: Machine;
  readonly sides: readonly Side[];
}

/** Builds domains 1, 2, … (0 for a privileged one) with two vCPUs each; their upcall interrupt is enabled on vCPU 0. */
export function rigOf(
  members: readonly Member[],
  policy: AccessPolicy['name'] = 'dummy',
  spec: Partial<GuestSpec> = {},
  profile: XenProfileName = 'xen-4.17',
): Rig {
  const xen = new Xen({ ...profileOf(profile), policy });
  const domains: Domain[] = [];
  const service: Service = {
    name: 'xen',
    levels: ['el2'],
    needs: NEEDS,
    start: () => ({
      attach: (guest) => {
        const config = members[domains.length] as Member;
        const ordinary = domains.filter(({ privileged }) => !privileged).length;
        const id = config.id ?? (config.privileged ? 0 : ordinary + 1);
        const domain = new Domain(xen, id, guest.name, config, guest);
        xen.add(domain);
        domains.push(domain);
        return attachDomain(domain, guest, new DomainServices(domain, undefined, []));
      },
    }),
  };
  const machine = createMachine({
    guests: members.map(({ vcpus = 2 }, i) => ({
      memory: [{ base: RAM, size: RAM_BYTES }],
      ...spec,
      name: `d${i}`,
      vcpus,
      services: { el2: [service] },
    })),
  });
  const sides = domains.map((domain, i) => new Side(machine, machine.guest(`d${i}`), domain));
  for (const side of sides) side.gic.setEnabled(side.vcpu(0), side.domain.events.interrupt, true);
  return { xen, machine, sides };
}

/** One domain, seen from its guest and from Xen. */
export class Side {
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

  get gic(): Gic {
    return this.guest.models.gic as Gic;
  }

  get clock(): VirtualClock {
    return this.guest.models.clock as VirtualClock;
  }

  /** shared_info as guest and Xen see it. */
  get shared(): SharedWords {
    return this.domain.memory.sharedInfo.words;
  }

  vcpu(index: number): Vcpu {
    return this.guest.vcpus[index] as Vcpu;
  }

  /** Makes a hypercall with any arguments. */
  trap(number: number, args: readonly (number | bigint)[], cpu = 0): Outcome {
    const vcpu = this.vcpu(cpu);
    vcpu.x[16] = BigInt(number);
    args.forEach((value, i) => {
      vcpu.x[i] = BigInt(value);
    });
    return this.machine.trap(vcpu, 'hvc', 0xea1);
  }

  /** Makes it, again while it is preempted, and gives X0 as a signed number. */
  result(number: number, args: readonly (number | bigint)[], cpu = 0): number {
    let outcome = this.trap(number, args, cpu);
    while (outcome.kind === 'again') outcome = this.machine.trap(this.vcpu(cpu), 'hvc', 0xea1);
    if (outcome.kind !== 'returned') throw new Error(`the call came to ${outcome.kind}`);
    return this.x0(cpu);
  }

  x0(cpu = 0): number {
    return Number(BigInt.asIntN(64, this.vcpu(cpu).x[0] as bigint));
  }

  /** Puts bytes into guest memory. */
  put(bytes: Uint8Array, address: number = OPERAND): void {
    if (!this.guest.ports.memory.write(address as never, bytes)) throw new Error('no memory there');
  }

  /** Takes bytes out of guest memory. */
  take(length: number, address: number = OPERAND): Uint8Array {
    const bytes = new Uint8Array(length);
    if (!this.guest.ports.memory.read(address as never, bytes)) throw new Error('no memory there');
    return bytes;
  }

  /** A 32-bit word of guest memory. */
  word(address: number): number {
    return new DataView(this.take(4, address).buffer).getUint32(0, true);
  }

  setWord(address: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value >>> 0, true);
    this.put(bytes, address);
  }

  /** event_channel_op with a structure; gives the result. */
  event(command: number, structure: Structure, value: object, cpu = 0): number {
    this.put(structure.encode(value as never, new Uint8Array(structure.size).fill(0xee)));
    return this.result(EVENT_CHANNEL_OP, [command, OPERAND], cpu);
  }

  /** The structure as the last call has left it. */
  back<S extends Structure>(structure: S): ReturnType<S['decode']> {
    return structure.decode(this.take(structure.size)) as ReturnType<S['decode']>;
  }
}
