import {
  type Call,
  createClient,
  defineInterface,
  type Implementation,
  implement,
  type Outcome,
  perGuest,
  returnInt,
  type Service,
  u32,
  u64,
} from '@trapline/core';
import { createMachine, type Guest, type Machine, mpidrOf } from '@trapline/trap-bus';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

/** What results go to, so that no call can be left out. */
let sink = 0;

const spec = (id: number) => ({ id, since: '1', clause: '1', summary: 'Bench.' }) as const;

/** Eight calls of different shapes, by the SMC Calling Convention. */
function interfaceOf(name: string, base: number) {
  return defineInterface({
    name,
    title: name,
    source: 'this benchmark',
    calls: {
      version: { ...spec(base), returns: u32 },
      one: { ...spec(base + 1), arguments: { a: u32 }, returns: u32 },
      two: { ...spec(base + 2), arguments: { a: u32, b: u64 }, returns: u32 },
      three: { ...spec(base + 3), arguments: { a: u32, b: u64, c: u64 }, returns: u32 },
      sum: { ...spec(base + 4), arguments: { a: u32, b: u32 }, returns: u32 },
      first: { ...spec(base + 5), arguments: { a: u32 }, returns: u32 },
      odd: { ...spec(base + 6), arguments: { a: u32, b: u32, c: u32 }, returns: u32 },
      none: { ...spec(base + 7), returns: u32 },
    },
  });
}

function serviceOf(abi: ReturnType<typeof interfaceOf>, key: number): Service {
  const implementation = implement(abi, {
    version: (call: Call): Outcome => returnInt(call, 0x1_0000 + key),
    one: (call: Call): Outcome => returnInt(call, ((call.w[0] as number) + key) | 0),
    two: (call: Call): Outcome => returnInt(call, (call.w[0] as number) ^ (call.w[2] as number)),
    three: (call: Call): Outcome => returnInt(call, ((call.w[2] as number) - (call.w[4] as number)) | 0),
    sum: (call: Call): Outcome => returnInt(call, ((call.w[0] as number) + (call.w[2] as number)) | 0),
    first: (call: Call): Outcome => returnInt(call, (call.w[0] as number) | 0),
    odd: (call: Call): Outcome => returnInt(call, (call.w[4] as number) & 1),
    none: (call: Call): Outcome => returnInt(call, key),
  }) as unknown as Implementation;
  return perGuest({
    name: abi.name,
    levels: ['el2', 'el3'],
    needs: [],
    attach: () => ({ implementations: [implementation], reset() {}, save: () => null, restore() {} }),
  });
}

const interfaces = [0x8600_0000, 0x8200_0010, 0x8400_0020, 0x8500_0030].map((base, i) => interfaceOf(`abi${i}`, base));

function machineOf(vcpus: number): Machine {
  const services = interfaces.map(serviceOf);
  const running = Array.from({ length: vcpus }, () => ({ power: 'running' }) as const);
  return createMachine({ guests: [{ name: 'g', vcpus: running, services: { el3: services, el2: services } }] });
}

const first = machineOf(4);
const second = machineOf(4);
const machines = [first, second];
const guests = machines.map((machine) => machine.guest('g')) as [Guest, Guest];

const conduit = guests[0].conduit('hvc');
const client = createClient(interfaces[0] as ReturnType<typeof interfaceOf>, conduit);

const names = ['version', 'one', 'two', 'three', 'sum', 'first', 'odd', 'none'] as const;
const conduits = guests.map((guest) => guest.conduit('smc'));
const callers = guests.map((guest) => guest.vcpus.map((vcpu) => guest.caller(vcpu.index)));
const args = { a: 1, b: 2, c: 3 };
type AnyCall = (args: { a: number; b: number; c: number }) => number;
const calls = conduits.map((c) => {
  const clients = interfaces.map((abi) => createClient(abi, c));
  return Array.from({ length: 32 }, (_, i) => clients[i & 3]?.[names[i >> 2] as 'one'] as unknown as AnyCall);
});
const ids = Array.from({ length: 32 }, (_, i) => (interfaces[i & 3]?.all[i >> 2]?.id ?? 0) | 0);

const observed = machineOf(1);
observed.calls$.subscribe((call) => {
  sink ^= call.immediate;
});
const watched = createClient(interfaces[0] as ReturnType<typeof interfaceOf>, observed.guest('g').conduit('smc'));

function powerBench(vcpus: number): Bench {
  const machine = machineOf(vcpus);
  const guest = machine.guest('g');
  const { power } = guest.ports;
  for (const vcpu of guest.vcpus) guest.power.off(vcpu);
  return {
    name: `trap-bus/start-enter-off ${vcpus} vCPUs`,
    run: (n) => {
      for (let i = 0; i < n; i++) {
        const vcpu = guest.vcpus[1 + (i % (vcpus - 1))] as Guest['vcpus'][number];
        power.start(vcpu);
        guest.enter(vcpu);
        guest.power.off(vcpu);
      }
    },
  };
}

export const benches: Bench[] = [
  {
    name: 'trap-bus/version',
    run: (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum = (sum + (client.version() as number)) | 0;
      sink ^= sum;
    },
  },
  {
    name: 'trap-bus/mixed',
    run: (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const which = (i >> 5) & 1;
        (conduits[which] as (typeof conduits)[number]).caller = callers[which]?.[i & 3] as (typeof callers)[0][0];
        args.a = i & 0xffff;
        args.b = i;
        sum = (sum + ((calls[which] as AnyCall[])[i & 31] as AnyCall)(args)) | 0;
      }
      sink ^= sum;
    },
  },
  {
    name: 'trap-bus/mixed registers',
    run: (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const caller = callers[(i >> 5) & 1]?.[i & 3] as (typeof callers)[0][0];
        const { w } = caller;
        w[0] = ids[i & 31] as number;
        w[1] = 0;
        w[2] = i;
        w[3] = 0;
        w[4] = i * 3;
        w[5] = 0;
        caller.execute('smc', 0);
        sum = (sum + ((w[0] as number) | 0)) | 0;
      }
      sink ^= sum;
    },
  },
  {
    name: 'trap-bus/version, one trace listener',
    run: (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum = (sum + (watched.version() as number)) | 0;
      sink ^= sum;
    },
  },
  powerBench(4),
  powerBench(4096),
];

/** Kept alive, so that results count. */
export function result(): number {
  return sink + Number(mpidrOf(0) & 1n);
}
