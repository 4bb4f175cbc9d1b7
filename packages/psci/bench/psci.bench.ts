import type { BindContext, Caller } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { abi, driver, firmware, type Psci } from '@trapline/psci';
import { createMachine, type Guest, type Machine, type Vcpu } from '@trapline/trap-bus';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

const RAM = 0x4000_0000;
const ENTRY = RAM + 0x8_0000;

/** What results go to, so that no call can be left out. */
let sink = 0;

function machineOf(vcpus: number): Machine {
  return createMachine({
    guests: [{ name: 'g', vcpus, memory: [{ base: RAM, size: 0x100_0000 }], services: { el3: [firmware()] } }],
  });
}

/** The driver, bound to a node as discovery binds it. */
function bound(guest: Guest): Psci {
  const tree = new DeviceTree();
  tree.root.add('psci', { compatible: 'arm,psci-1.0', method: 'smc' });
  const context: BindContext = {
    tree,
    conduit: (kind) => guest.conduit(kind),
    get: () => {
      throw new Error('needs nobody');
    },
    memory: undefined,
    random: undefined,
  };
  return driver.bind(context, tree.require('/psci')) as Psci;
}

/** How many CPUs are called upon, spread over all there are: what differs is the firmware's part, not the caches'. */
const TARGETS = 4;

function targetsOf(guest: Guest): readonly Vcpu[] {
  const { vcpus } = guest;
  return Array.from({ length: TARGETS }, (_, i) => vcpus[Math.floor(((i + 1) * (vcpus.length - 1)) / TARGETS)] as Vcpu);
}

function versionBench(): Bench {
  // The second machine keeps the engine from taking the first one's objects for the only ones.
  const [first, second] = [bound(machineOf(4).guest('g')), bound(machineOf(4).guest('g'))];
  const call = (psci: Psci, iterations: number): void => {
    for (let i = 0; i < iterations; i++) sink = (sink + psci.version().minor) | 0;
  };
  return {
    name: 'call/psci-version',
    run: (iterations) => {
      call(first, iterations >> 1);
      call(second, iterations - (iterations >> 1));
    },
    baseline: (iterations) => {
      for (let i = 0; i < iterations; i++) sink = (sink + i) | 0;
    },
  };
}

/** Loads a call as a guest does that writes registers itself. */
function load(caller: Caller, id: number, target: number, argument: number): void {
  const { w } = caller;
  w[0] = id;
  w[1] = 0;
  w[2] = target;
  w[3] = 0;
  w[4] = argument;
  w[5] = 0;
  w[6] = 0;
  w[7] = 0;
}

function affinityBench(vcpus: number): Bench {
  const guest = machineOf(vcpus).guest('g');
  const caller = guest.caller(0);
  const targets = Int32Array.from(targetsOf(guest), ({ affinity }) => affinity);
  const id = abi.calls.affinityInfo.wideId;
  const loop = (iterations: number, make: boolean): void => {
    for (let i = 0; i < iterations; i++) {
      load(caller, id ?? 0, targets[i & (TARGETS - 1)] as number, i & 1);
      if (make) caller.execute('smc', 0);
      sink = (sink + (caller.w[0] as number)) | 0;
    }
  };
  return {
    name: `call/affinity-info/${vcpus}`,
    run: (iterations) => loop(iterations, true),
    baseline: (iterations) => loop(iterations, false),
  };
}

/** One iteration: CPU_ON of a CPU by CPU 0, its first instruction, its CPU_OFF. */
function onOffBench(vcpus: number): Bench {
  const guest = machineOf(vcpus).guest('g');
  const caller = guest.caller(0);
  // With four CPUs the last target is named twice: CPU 0 cannot start itself.
  const others = targetsOf(guest).map(({ index }) => guest.caller(Math.max(index, 1)));
  const { wideId } = abi.calls.cpuOn;
  const { id } = abi.calls.cpuOff;
  return {
    name: `call/cpu-on-off/${vcpus}`,
    run: (iterations) => {
      let next = 0;
      for (let i = 0; i < iterations; i++) {
        const other = others[next] as Caller;
        const vcpu = guest.vcpus[other.index] as Vcpu;
        next = next + 1 === others.length ? 0 : next + 1;
        load(caller, wideId ?? 0, vcpu.affinity, ENTRY);
        caller.execute('smc', 0);
        guest.enter(vcpu);
        load(other, id, 0, 0);
        other.execute('smc', 0);
        sink = (sink + (caller.w[0] as number)) | 0;
      }
    },
  };
}

export const benches: readonly Bench[] = [
  versionBench(),
  affinityBench(4),
  affinityBench(4096),
  onOffBench(4),
  onOffBench(4096),
];
