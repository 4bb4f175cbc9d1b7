import type { Outcome } from '@trapline/core';
import { type HypervisorOptions, hypervisor, type Vm } from '@trapline/kvm';
import { createMachine, type Guest, type GuestSpec, type Machine, type Vcpu } from '@trapline/trap-bus';

export const RAM = 0x4000_0000;
export const MINUS = (n: bigint): bigint => BigInt.asUintN(64, -n);

/** What registers hold that a call does not set. */
const FILL = 0xc0de_0000_beef_0000n;

/** A VM in a machine, and both sides of it. */
export interface World {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly vm: Vm;
}

export function worldOf(options: HypervisorOptions = {}, spec: Partial<GuestSpec> = {}): World {
  const vms: Vm[] = [];
  const service = hypervisor({ ...options, connect: (vm) => vms.push(vm) });
  const machine = createMachine({
    guests: [
      { vcpus: 2, memory: [{ base: RAM, size: 0x10_0000 }], ...spec, name: 'linux', services: { el2: [service] } },
    ],
  });
  const guest = machine.guest('linux');
  const vm = vms[0] as Vm;
  vm.embed(guest);
  return { machine, guest, vm };
}

/** One vCPU makes one call: number, then arguments. */
export function call(guest: Guest, cpu: number, id: number, args: readonly bigint[] = [], how = {}): Outcome {
  const { conduit = 'hvc', imm = 0 } = how as { readonly conduit?: 'hvc' | 'smc'; readonly imm?: number };
  const vcpu = guest.vcpus[cpu] as Vcpu;
  for (let n = 0; n < 31; n++) vcpu.x[n] = FILL + BigInt(n);
  vcpu.x[0] = BigInt(id >>> 0);
  args.forEach((value, i) => {
    vcpu.x[i + 1] = value;
  });
  return guest.caller(cpu).execute(conduit, imm);
}

/** What a call that returns leaves in X0. */
export function answer(guest: Guest, cpu: number, id: number, ...args: readonly bigint[]): bigint {
  const outcome = call(guest, cpu, id, args);
  if (outcome.kind !== 'returned') throw new Error(`the call came to ${outcome.kind}`);
  return guest.vcpus[cpu]?.x[0] as bigint;
}
