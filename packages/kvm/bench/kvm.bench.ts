import { type Pe, SMC64 } from '@trapline/core';
import { hypervisor, type Vm, abi as vendorAbi } from '@trapline/kvm';
import { abi as psciAbi } from '@trapline/psci';
import { trngAbi } from '@trapline/smccc';
import { createMachine, type Guest, type Machine } from '@trapline/trap-bus';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

const RAM = 0x4000_0000;

/** What results go to, so that no call can be left out. */
let sink = 0;

const BITS = [32, 64, 128, 192];
const WALL = 1_800_000_000_000_000_000n;
const COUNTER = 123_456_789_012n;
const STOLEN = [1000n, 2000n, 3000n, 4000n];
let stolen = 0;

const vms: Vm[] = [];
const machine: Machine = createMachine({
  guests: [
    {
      name: 'bench',
      vcpus: 1,
      memory: [{ base: RAM, size: 0x10_0000 }],
      services: { el2: [hypervisor({ profile: 'linux-6.12', connect: (vm) => vms.push(vm) })] },
      ports: {
        random: { fill: (target) => target.fill(0x5a) !== undefined },
        clock: {
          frequency: 62_500_000,
          now: () => 0n,
          counter: () => COUNTER,
          wall: () => WALL,
          stolen: () => STOLEN[stolen++ & 3] as bigint,
          at: () => () => {},
        },
      },
    },
  ],
});
const guest: Guest = machine.guest('bench');
const [vm] = vms as [Vm];
vm.embed(guest);
vm.vcpus[0]?.setDeviceAttr(2, 0, BigInt(RAM));

/** Calls at the level of registers: load, trap, use the result. */
function calls(name: string, id: number, argument: (i: number) => number): Bench {
  const vcpu = guest.vcpus[0] as (typeof guest.vcpus)[number];
  const { w } = vcpu as Pe;
  const load = (i: number): void => {
    w[0] = id;
    w[1] = 0;
    w[2] = argument(i);
    w[3] = 0;
  };
  return {
    name,
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        load(i);
        machine.trap(vcpu, 'hvc', 0);
        sink = (sink + (w[0] as number)) | 0;
      }
    },
    baseline: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        load(i);
        sink = (sink + (w[0] as number)) | 0;
      }
    },
  };
}

/** What KVM_RUN does before guest code runs: the stolen time structure is brought up to date. */
const stolenTime: Bench = {
  name: 'kvm/stolen-time',
  run: (iterations) => {
    const vcpu = vm.vcpus[0] as NonNullable<(typeof vm.vcpus)[0]>;
    for (let i = 0; i < iterations; i++) if (vcpu.run().kind === 'guest') sink = (sink + 1) | 0;
  },
};

export const benches: readonly Bench[] = [
  calls('kvm/psci-version', psciAbi.calls.version.id, () => 0),
  calls('kvm/trng-rnd64', trngAbi.calls.rnd.id | SMC64, (i) => BITS[i & 3] as number),
  calls('kvm/ptp', vendorAbi.calls.ptp.id, (i) => i & 1),
  calls('kvm/unknown', 0x8200_0000 | 0, () => 0),
  stolenTime,
];

/** What the calls came to. */
export function result(): number {
  return sink;
}
