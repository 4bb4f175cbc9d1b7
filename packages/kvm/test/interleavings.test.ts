import type { Pe, Saved } from '@trapline/core';
import { KVM_MP_STATE_RUNNABLE, KVM_MP_STATE_STOPPED, type Vcpu as KvmVcpu } from '@trapline/kvm';
import type { Vcpu } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { call, MINUS, RAM, type World, worldOf } from './machine.js';

const CPU_SUSPEND = 0xc400_0001;
const CPU_OFF = 0x8400_0002;
const CPU_ON = 0xc400_0003;
const AFFINITY_INFO = 0xc400_0004;
const IRQ = 27;
const [SUCCESS, ALREADY_ON] = [0n, MINUS(4n)];

/** One point of an actor: gives whether it could happen now. */
type Point = (scene: Scene) => boolean;

/** What is counted on the way; restored with the machine. */
interface Tally {
  /** CPU_ON calls of the contended CPU that gave SUCCESS, and moments at which it was off before one. */
  readonly successes: number;
  readonly starts: number;
}

class Scene {
  readonly world: World;
  tally: Tally = { successes: 0, starts: 0 };

  constructor(world: World) {
    this.world = world;
  }

  vcpu(index: number): KvmVcpu {
    return this.world.vm.vcpus[index] as KvmVcpu;
  }

  pe(index: number): Vcpu {
    return this.world.guest.vcpus[index] as Vcpu;
  }
}

/** A vCPU makes a call, where KVM_RUN lets it. */
function calls(
  cpu: number,
  id: number,
  args: readonly bigint[],
  after: (scene: Scene, x0: bigint) => void = () => {},
): Point {
  return (scene) => {
    if (scene.vcpu(cpu).run().kind !== 'guest') return false;
    const outcome = call(scene.world.guest, cpu, id, args);
    scene.vcpu(cpu).exited(outcome);
    after(scene, scene.pe(cpu).x[0] as bigint);
    return true;
  };
}

/** CPU_ON of a contended CPU: SUCCESS exactly where it was stopped. */
function startsCpu(cpu: number, target: number, fault: boolean): Point {
  return (scene) => {
    const wasOff = scene.vcpu(target).mpState === KVM_MP_STATE_STOPPED;
    return calls(cpu, CPU_ON, [BigInt(target), BigInt(RAM), BigInt(cpu)], (inner, answer) => {
      const said = fault && answer === ALREADY_ON ? SUCCESS : answer;
      expect([SUCCESS, ALREADY_ON]).toContain(said);
      const { successes, starts } = inner.tally;
      inner.tally = { successes: successes + (said === SUCCESS ? 1 : 0), starts: starts + (wasOff ? 1 : 0) };
    })(scene);
  };
}

const vmm =
  (act: (scene: Scene) => void): Point =>
  (scene) => {
    act(scene);
    return true;
  };

/**
 * Goes through every order of the actors' points, with a save and a restore before each. A point that cannot happen
 * lets the others go first; where none can, the order ends.
 */
function explore(actors: readonly (readonly Point[])[], check: (scene: Scene) => void, vcpus: number): number {
  const scene = new Scene(worldOf({ profile: 'linux-6.12' }, { vcpus }));
  const { machine, guest, vm } = scene.world;
  for (const pe of guest.vcpus) guest.models.gic?.setEnabled(pe, IRQ, true);
  vm.vcpus[0]?.setMpState(KVM_MP_STATE_RUNNABLE);
  for (let cpu = 1; cpu < vcpus - 1; cpu++) vm.vcpus[cpu]?.setMpState(KVM_MP_STATE_RUNNABLE);
  for (const vcpu of vm.vcpus) vcpu.run();
  let orders = 0;
  const visit = (at: readonly number[]): void => {
    const saved = machine.save();
    const { tally } = scene;
    let ended = true;
    for (let actor = 0; actor < actors.length; actor++) {
      const point = actors[actor]?.[at[actor] as number];
      if (point === undefined) continue;
      machine.restore(JSON.parse(JSON.stringify(saved)) as Saved);
      scene.tally = tally;
      if (!point(scene)) continue;
      ended = false;
      visit(at.map((n, i) => (i === actor ? n + 1 : n)));
    }
    machine.restore(saved);
    scene.tally = tally;
    if (!ended) return;
    orders++;
    check(scene);
  };
  visit(actors.map(() => 0));
  return orders;
}

/** No CPU is lost: one that is on runs, or runs once it has an interrupt; one that is off can be started. */
function noneLost({ world: { guest, vm } }: Scene): void {
  for (const vcpu of vm.vcpus) {
    const pe = vcpu.pe as Pe;
    guest.ports.interrupts.setLevel(pe, IRQ, true);
    const { kind } = vcpu.run();
    expect(kind).toBe(vcpu.mpState === KVM_MP_STATE_STOPPED ? 'blocked' : 'guest');
    if (kind === 'guest') expect(guest.vcpus[pe.index]?.powerState).toBe('running');
  }
}

function eachStartIsOne({ tally }: Scene): void {
  expect(tally.successes).toBe(tally.starts);
}

const asks = (cpu: number, target: number): Point =>
  calls(cpu, AFFINITY_INFO, [BigInt(target), 0n], (_, x0) => expect([0n, 1n]).toContain(x0));

describe('every interleaving', () => {
  test('two CPUs start a third that goes off again: each SUCCESS is one start', () => {
    const actors = [
      [startsCpu(0, 2, false), asks(0, 2), startsCpu(0, 2, false)],
      [startsCpu(1, 2, false), startsCpu(1, 2, false)],
      [calls(2, CPU_OFF, []), calls(2, CPU_OFF, [])],
    ];
    const orders = explore(
      actors,
      (scene) => {
        eachStartIsOne(scene);
        noneLost(scene);
      },
      3,
    );
    expect(orders).toBeGreaterThan(50);
  });

  test('a VMM that stops and starts CPUs between the points of three of them loses none', () => {
    const actors = [
      [startsCpu(0, 2, false), startsCpu(0, 2, false)],
      [calls(1, CPU_SUSPEND, [0n]), asks(1, 2)],
      [calls(2, CPU_OFF, [])],
      [
        vmm((scene) => scene.vcpu(2).setMpState(KVM_MP_STATE_STOPPED)),
        vmm((scene) => scene.vcpu(2).setMpState(KVM_MP_STATE_RUNNABLE)),
        vmm((scene) => scene.world.guest.ports.interrupts.setLevel(scene.pe(1), IRQ, true)),
      ],
    ];
    const orders = explore(
      actors,
      (scene) => {
        eachStartIsOne(scene);
        noneLost(scene);
      },
      3,
    );
    expect(orders).toBeGreaterThan(200);
  });

  test('four CPUs: two start the fourth, one sleeps and is signalled, the fourth goes off', () => {
    const actors = [
      [startsCpu(0, 3, false), asks(0, 3)],
      [startsCpu(1, 3, false)],
      [calls(2, CPU_SUSPEND, [0n]), asks(2, 3)],
      [calls(3, CPU_OFF, [])],
      [vmm((scene) => scene.vcpu(2).signal())],
    ];
    const orders = explore(
      actors,
      (scene) => {
        eachStartIsOne(scene);
        noneLost(scene);
      },
      4,
    );
    expect(orders).toBeGreaterThan(200);
  });

  test('a fault is seen: a CPU_ON that says SUCCESS for a CPU that is on', () => {
    const actors = [[startsCpu(0, 2, false)], [startsCpu(1, 2, true)]];
    expect(() => explore(actors, eachStartIsOne, 3)).toThrow();
  });
});
