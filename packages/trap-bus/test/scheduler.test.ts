import { CompositionError, createClient, type GuestProgram, RETURNED } from '@trapline/core';
import {
  type Choose,
  createGic,
  createMachine,
  createTimers,
  GuestProgramError,
  type Point,
  PPI_VIRTUAL,
  replayChoices,
  Scheduler,
  type SchedulerOptions,
  StepLimitError,
  TIMER_ENABLE,
  type Vcpu,
} from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

const ENTRY = 0x8000;

/** A machine with one guest whose points are all the scheduler's. */
function setUp(vcpus: number, options: SchedulerOptions = {}, deferred = true) {
  const machine = createMachine({ guests: [{ name: 'g', vcpus, deferred, services: { el3: [tinyService()] } }] });
  const guest = machine.guest('g');
  const client = createClient(tinyAbi, guest.conduit('smc'));
  const scheduler = new Scheduler(guest, { clock: machine.clock, ...options });
  const events: string[] = [];
  return { machine, guest, client, scheduler, events };
}

describe('a scheduled program', () => {
  it('runs with its CPU as the caller of every conduit, and gives it up where it yields', () => {
    const { guest, client, scheduler, events } = setUp(2);
    const program = (name: string): GuestProgram =>
      function* (cpu) {
        events.push(`${name}${cpu.index}`);
        yield RETURNED;
        expect(guest.conduit('smc').caller.index).toBe(cpu.index);
        expect(guest.conduit('hvc').caller.index).toBe(cpu.index);
        client.add({ left: cpu.index, right: 40 });
        events.push(`${name}${cpu.x[0]}`);
      };
    scheduler.spawn(0, program('a'));
    client.start({ target: 1, entry: ENTRY, context: 9 });
    scheduler.at(ENTRY, program('b'));
    expect(scheduler.run().unfinished).toEqual([]);
    expect(events).toEqual(['a0', 'a40', 'b1', 'b41']);
    expect(scheduler.trace).toEqual(['cpu 0: step', 'cpu 1: enter', 'cpu 0: step', 'cpu 1: step', 'cpu 1: step']);
  });

  it('begins on a CPU that CPU_ON starts, at the entry, with the context in X0', () => {
    const { client, scheduler, events } = setUp(2, {
      programs: {
        *[ENTRY](cpu) {
          events.push(`context ${cpu.x[0]}`);
          yield* client.stop();
          events.push('never');
        },
      },
    });
    scheduler.spawn(0, function* () {
      yield RETURNED;
      events.push(String(client.start({ target: 1, entry: ENTRY, context: 77 })));
      events.push(`power ${client.power({ target: 1 })}`);
      yield RETURNED;
      while (client.power({ target: 1 }) !== 0) yield RETURNED;
      events.push(String(client.start({ target: 1, entry: ENTRY, context: 78 })));
    });
    expect(scheduler.run().unfinished).toEqual([]);
    expect(events).toEqual(['OK', 'power 2', 'context 77', 'OK', 'context 78']);
    expect(scheduler.trace.filter((name) => name === 'cpu 1: off')).toHaveLength(2);
  });

  it('goes on after a wait that a deadline ends, with the results; time moves only when nothing else can', () => {
    const { machine, client, scheduler, events } = setUp(2);
    const sleeper = (nanoseconds: number): GuestProgram =>
      function* (cpu) {
        const result = yield* client.sleep({ nanoseconds, resume: 0 });
        events.push(`cpu ${cpu.index} ${result} at ${machine.clock.now()}`);
      };
    scheduler.spawn(0, sleeper(300));
    client.start({ target: 1, entry: ENTRY, context: 0 });
    scheduler.at(ENTRY, sleeper(200));
    const { steps, unfinished } = scheduler.run();
    expect([unfinished, steps]).toEqual([[], scheduler.trace.length]);
    expect(events).toEqual(['cpu 1 OK at 200', 'cpu 0 OK at 300']);
    expect(scheduler.trace).toEqual([
      'cpu 0: step',
      'cpu 1: enter',
      'cpu 0: suspend',
      'cpu 1: step',
      'cpu 1: suspend',
      'timer',
      'cpu 1: wake',
      'timer',
      'cpu 0: wake',
    ]);
  });

  it('is woken by a timer of its own while it masks interrupts', () => {
    const gic = createGic({ pes: 1 });
    const machine = createMachine({
      guests: [{ name: 'g', vcpus: 1, deferred: true, services: { el3: [tinyService()] }, ports: { interrupts: gic } }],
    });
    const guest = machine.guest('g');
    gic.onChange(() => guest.interruptsChanged());
    const { clock } = machine;
    const timers = createTimers({ clock, interrupts: gic, pes: guest.vcpus });
    const client = createClient(tinyAbi, guest.conduit('smc'));
    const scheduler = new Scheduler(guest, { clock });
    const times: bigint[] = [];
    const [vcpu] = guest.vcpus as [Vcpu];
    scheduler.spawn(0, function* () {
      gic.setEnabled(vcpu, PPI_VIRTUAL, true);
      const { virtual } = timers.of(vcpu);
      virtual.value = 625;
      virtual.control = TIMER_ENABLE;
      yield* client.sleep({ nanoseconds: 0, resume: 0 });
      times.push(clock.now());
    });
    expect(scheduler.run().unfinished).toEqual([]);
    expect(times).toEqual([10_000n]);
  });

  it('is followed by the program of the address where a wait resumes', () => {
    for (const deferred of [true, false]) {
      const { client, scheduler, events } = setUp(1, {}, deferred);
      scheduler.at(ENTRY, function* (cpu) {
        yield RETURNED;
        events.push(`resumed with ${cpu.x[0]}`);
      });
      scheduler.spawn(0, function* () {
        yield* client.sleep({ nanoseconds: 50, resume: 1 });
        events.push('never');
      });
      expect(scheduler.run().unfinished).toEqual([]);
      expect(events).toEqual(['resumed with 7']);
    }
  });

  it('is named with its CPU where it throws', () => {
    const { scheduler } = setUp(1);
    const cause = new Error('went wrong');
    scheduler.spawn(0, function* () {
      yield RETURNED;
      throw cause;
    });
    const error = caught(() => scheduler.run());
    expect(error).toBeInstanceOf(GuestProgramError);
    expect(error).toMatchObject({ cpu: 0, cause, message: 'the program of cpu 0 threw at step 2: went wrong' });
    expect(scheduler.run()).toEqual({ steps: 0, unfinished: [] });
  });

  it('is refused on a CPU that does not run or is not there', () => {
    const { scheduler } = setUp(2);
    expect(() => scheduler.spawn(1, function* () {})).toThrow(CompositionError);
    expect(() => scheduler.spawn(2, function* () {})).toThrow(RangeError);
  });
});

describe('a run', () => {
  it('says which CPUs nothing will wake, and which began where no program is', () => {
    const { client, scheduler } = setUp(3);
    scheduler.spawn(0, function* () {
      client.start({ target: 1, entry: 0x1234, context: 0 });
      yield* client.sleep({ nanoseconds: 0, resume: 0 });
    });
    expect(scheduler.run().unfinished).toEqual([
      { cpu: 0, why: 'waiting: sleep' },
      { cpu: 1, why: 'no program at 0x1234' },
    ]);
  });

  it('ends at its limit of steps and names the CPUs that are not through', () => {
    const { scheduler } = setUp(1);
    scheduler.spawn(0, function* () {
      for (;;) yield RETURNED;
    });
    const error = caught(() => scheduler.run(100));
    expect(error).toBeInstanceOf(StepLimitError);
    expect(error).toMatchObject({ cpus: [0], message: 'not through after 100 steps: cpu 0 (running)' });
    expect(scheduler.trace).toHaveLength(100);
  });

  it('that needs exactly its limit of steps is through', () => {
    const { scheduler } = setUp(1);
    scheduler.spawn(0, function* () {
      yield RETURNED;
    });
    expect(scheduler.run(2)).toEqual({ steps: 2, unfinished: [] });
  });

  it('does not move time for nobody', () => {
    const { machine, scheduler } = setUp(1);
    machine.clock.at(5n, () => {});
    expect(scheduler.run().steps).toBe(0);
    expect(machine.clock.now()).toBe(0n);
  });

  it('lets something happen once, at a point of its own', () => {
    const { machine, guest, client, scheduler, events } = setUp(1);
    scheduler.spawn(0, function* () {
      yield* client.sleep({ nanoseconds: 0, resume: 0 });
      events.push('woken');
    });
    scheduler.interpose('save and restore', () => {
      machine.restore(JSON.parse(JSON.stringify(machine.save())));
      events.push('restored');
    });
    scheduler.interpose('wake', () => guest.wake(guest.vcpus[0] as Vcpu));
    scheduler.run();
    expect(events).toEqual(['restored', 'woken']);
    expect(scheduler.trace).toEqual(['cpu 0: step', 'save and restore', 'cpu 0: suspend', 'wake', 'cpu 0: wake']);
  });

  it('goes on where the embedder sends a CPU', () => {
    const { scheduler, guest, events } = setUp(1, {
      programs: {
        *[ENTRY]() {
          events.push('there');
          yield RETURNED;
        },
      },
    });
    scheduler.spawn(0, function* () {
      yield RETURNED;
      events.push('never');
    });
    scheduler.step();
    const [vcpu] = guest.vcpus;
    if (vcpu) vcpu.x[32] = BigInt(ENTRY);
    scheduler.jumped(0);
    scheduler.run();
    expect(events).toEqual(['there']);
  });
});

describe('choices', () => {
  it('decide among all points', () => {
    const seen: string[][] = [];
    const last: Choose = (points: readonly Point[]) => {
      seen.push(points.map(({ name }) => name));
      return points.length - 1;
    };
    const { client, scheduler, events } = setUp(2, { choose: last });
    client.start({ target: 1, entry: ENTRY, context: 0 });
    const say: GuestProgram = function* (cpu) {
      events.push(`cpu ${cpu.index}`);
      yield RETURNED;
    };
    scheduler.at(ENTRY, say);
    scheduler.spawn(0, say);
    scheduler.interpose('interrupt', () => events.push('interrupt'));
    scheduler.run();
    expect(seen[0]).toEqual(['cpu 0: step', 'cpu 1: enter', 'interrupt']);
    expect(events).toEqual(['interrupt', 'cpu 1', 'cpu 0']);
  });

  it('that are no point are refused', () => {
    const { scheduler } = setUp(1, { choose: () => 5 });
    scheduler.spawn(0, function* () {});
    expect(() => scheduler.run()).toThrow(RangeError);
  });

  it('can be repeated, and then take the first point', () => {
    const points: Point[] = [0, 1, 2].map((cpu) => ({ kind: 'step', cpu, name: '' }));
    const choose = replayChoices([2, 7, 1]);
    expect([choose(points), choose(points), choose(points), choose(points)]).toEqual([2, 2, 1, 0]);
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
