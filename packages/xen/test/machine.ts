import type { GuestPhysical, Outcome } from '@trapline/core';
import { createMachine, type Guest, type GuestSpec, type Machine, type Vcpu } from '@trapline/trap-bus';
import { type DomainConfig, type HypervisorOptions, hypervisor, type XenHost, xenAbi } from '@trapline/xen';

export const RAM = 0x4000_0000;
export const RAM_BYTES = 0x20_0000;
/** Where tests put what calls point at. */
export const OPERAND = RAM + 0x1000;
/** No memory lies there. */
export const NOWHERE = 0x1000_0000;

/** What registers hold that a call does not set. */
const FILL = 0xc0de_0000_beef_0000n;

/** Domains under one Xen, by name. */
export interface World {
  readonly machine: Machine;
  readonly host: XenHost;
  guest(name: string): Guest;
}

export interface WorldSpec extends HypervisorOptions {
  readonly domains?: Readonly<Record<string, DomainConfig>>;
  readonly guests?: Partial<GuestSpec>;
}

export function worldOf({ domains = { one: {} }, guests = {}, ...options }: WorldSpec = {}): World {
  const hosts: XenHost[] = [];
  const service = hypervisor({ ...options, domains, connect: (host) => hosts.push(host) });
  const machine = createMachine({
    guests: Object.keys(domains).map((name) => ({
      vcpus: 2,
      memory: [{ base: RAM, size: RAM_BYTES }],
      ...guests,
      name,
      services: { el2: [service] },
    })),
  });
  return { machine, host: hosts[0] as XenHost, guest: (name) => machine.guest(name) };
}

/** How a call is made. */
export interface Way {
  readonly cpu?: number;
  readonly conduit?: 'hvc' | 'smc';
  readonly immediate?: number;
}

function load(guest: Guest, values: Readonly<Record<number, number | bigint>>, cpu: number): Vcpu {
  const vcpu = guest.vcpus[cpu] as Vcpu;
  for (let n = 0; n < 31; n++) vcpu.x[n] = FILL + BigInt(n);
  for (const [n, value] of Object.entries(values)) vcpu.x[Number(n)] = BigInt.asUintN(64, BigInt(value));
  return vcpu;
}

/** Makes a hypercall by name and gives what becomes of the caller. */
export function make(
  guest: Guest,
  name: keyof (typeof xenAbi)['calls'],
  args: readonly (number | bigint)[],
  cpu: number = 0,
): Outcome {
  load(guest, { ...args, 16: xenAbi.calls[name].id }, cpu);
  return guest.caller(cpu).execute('hvc', 0xea1);
}

/** The result of a hypercall that returns. */
export function hyper(
  guest: Guest,
  name: keyof (typeof xenAbi)['calls'],
  args: readonly (number | bigint)[],
  cpu: number = 0,
): number {
  const outcome = make(guest, name, args, cpu);
  if (outcome.kind !== 'returned') throw new Error(`${name} came to ${outcome.kind}`);
  return Number(BigInt.asIntN(64, (guest.vcpus[cpu] as Vcpu).x[0] as bigint));
}

/** Makes a call of the SMC Calling Convention: the number, then its arguments. */
export function firmware(guest: Guest, id: number, args: readonly (number | bigint)[] = [], way: Way = {}): Outcome {
  load(guest, { 0: id >>> 0, ...Object.fromEntries(args.map((value, i) => [i + 1, value])) }, way.cpu ?? 0);
  return guest.caller(way.cpu ?? 0).execute(way.conduit ?? 'hvc', way.immediate ?? 0);
}

/** What a firmware call that returns leaves in X0. */
export function answer(guest: Guest, id: number, args: readonly (number | bigint)[] = [], way: Way = {}): bigint {
  const outcome = firmware(guest, id, args, way);
  if (outcome.kind !== 'returned') throw new Error(`the call came to ${outcome.kind}`);
  return (guest.vcpus[way.cpu ?? 0] as Vcpu).x[0] as bigint;
}

export function put(guest: Guest, bytes: Uint8Array, address: number = OPERAND): number {
  if (!guest.ports.memory.write(address as GuestPhysical, bytes)) throw new Error('no memory there');
  return address;
}

export function get(guest: Guest, length: number, address: number = OPERAND): Uint8Array {
  const bytes = new Uint8Array(length);
  if (!guest.ports.memory.read(address as GuestPhysical, bytes)) throw new Error('no memory there');
  return bytes;
}

export function textAt(guest: Guest, length: number, address: number = OPERAND): string {
  const bytes = get(guest, length, address);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? length : end));
}
