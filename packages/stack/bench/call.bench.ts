import type { Caller, Interface } from '@trapline/core';
import { firmware, abi as psciAbi } from '@trapline/psci';
import {
  archAbi,
  archService,
  errataAbi,
  errataService,
  pvTimeAbi,
  sdeiAbi,
  sdeiService,
  trngAbi,
  trngService,
} from '@trapline/smccc';
import { createMachine, type Guest } from '@trapline/trap-bus';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
}

/** Calls in one round, and vCPUs that make them in turn; both powers of two. */
const ROUND = 32;
const VCPUS = 4;

/** What results go to, so that no call can be left out. */
let sink = 0;

/** All composed services at EL3 of one guest whose CPUs all run. */
function guestOf(name: string): Guest {
  const services = [firmware(), archService(), trngService(), errataService({ errata: [] }), sdeiService()];
  const vcpus = Array.from({ length: VCPUS }, () => ({ power: 'running' }) as const);
  const machine = createMachine({
    guests: [{ name, vcpus, memory: [{ base: 0x4000_0000, size: 0x100_0000 }], services: { el3: services } }],
  });
  return machine.guest(name);
}

/** Round-robin over the interfaces: the numbers of calls that do not wait. */
function numbersOf(interfaces: readonly Interface[]): Int32Array {
  const left = interfaces.map((abi) => abi.all.filter((call) => !call.spec.waits));
  const numbers: number[] = [];
  while (numbers.length < ROUND) {
    for (const calls of left) {
      const call = calls.shift();
      if (call) numbers.push(call.wideId ?? call.id);
    }
    if (left.every((calls) => calls.length === 0)) throw new Error(`fewer than ${ROUND} calls do not wait`);
  }
  return Int32Array.from(numbers.slice(0, ROUND));
}

const numbers = numbersOf([psciAbi, archAbi, trngAbi, errataAbi, sdeiAbi, pvTimeAbi]);
// The second machine keeps the engine from taking the first one's objects for the only ones.
const guests = [guestOf('first'), guestOf('second')];
const callers = guests.map((guest) => guest.vcpus.map((_, i) => guest.caller(i)));

function mixed(iterations: number, own: readonly Caller[]): void {
  for (let i = 0; i < iterations; i++) {
    const caller = own[i & (VCPUS - 1)] as Caller;
    const { w } = caller;
    w[0] = numbers[i & (ROUND - 1)] as number;
    w[1] = 0;
    w[2] = i & 3;
    w[3] = 0;
    w[4] = i & 1;
    w[5] = 0;
    w[6] = i;
    w[7] = 0;
    caller.execute('smc', 0);
    sink = (sink + (w[0] as number)) | 0;
  }
}

export const benches: readonly Bench[] = [
  {
    name: 'call/mixed',
    run: (iterations) => {
      mixed(iterations >> 1, callers[0] as readonly Caller[]);
      mixed(iterations >> 1, callers[1] as readonly Caller[]);
    },
  },
];
