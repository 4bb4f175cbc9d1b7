import { type Pe, SMC64 } from '@trapline/core';
import { archAbi, archService, trngAbi, trngService } from '@trapline/smccc';
import { createMachine, type Guest, type Machine } from '@trapline/trap-bus';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

/** What results go to, so that no call can be left out. */
let sink = 0;

const FUNCTIONS = [0x8000_0000 | 0, 0x8000_0001 | 0, 0x8000_8000 | 0, 0x8400_0000 | 0];
const BITS = [32, 64, 128, 192];

const machine: Machine = createMachine({
  guests: [
    {
      name: 'bench',
      vcpus: 1,
      services: { el3: [archService(), trngService()] },
      ports: { random: { fill: (target) => target.fill(0x5a) !== undefined } },
    },
  ],
});
const guest: Guest = machine.guest('bench');

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
        machine.trap(vcpu, 'smc', 0);
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

export const benches: readonly Bench[] = [
  calls('smccc/version', archAbi.calls.version.id, () => 0),
  calls('smccc/arch-features', archAbi.calls.archFeatures.id, (i) => FUNCTIONS[i & 3] as number),
  calls('smccc/trng-rnd64', trngAbi.calls.rnd.id | SMC64, (i) => BITS[i & 3] as number),
];

/** What the calls came to. */
export function result(): number {
  return sink;
}
