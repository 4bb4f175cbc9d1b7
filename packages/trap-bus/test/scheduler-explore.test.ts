import { createClient, type GuestProgram, type PowerState } from '@trapline/core';
import {
  type Choose,
  createMachine,
  explore,
  type Gic,
  NondeterminismError,
  type Point,
  replayChoices,
  Scheduler,
  type Vcpu,
} from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

const ENTRY = 0x8000;

/** Counters that take turns: `lengths[i]` steps each, written down in the order in which they were taken. */
class Counters {
  readonly log: string[] = [];
  readonly #left: number[];
  readonly #choose: Choose;

  constructor(lengths: readonly number[], choose: Choose) {
    this.#left = [...lengths];
    this.#choose = choose;
  }

  run(): void {
    for (;;) {
      const able = this.#left.flatMap((left, cpu) => (left > 0 ? [cpu] : []));
      if (able.length === 0) return;
      const points = able.map((cpu): Point => ({ kind: 'step', cpu, name: `cpu ${cpu}` }));
      const cpu = able[this.#choose(points)] as number;
      this.#left[cpu] = (this.#left[cpu] as number) - 1;
      this.log.push(String(cpu));
    }
  }

  get place(): string {
    return this.#left.join();
  }
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

describe('an exploration', () => {
  it('runs every interleaving exactly once', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(lengths, (list) => {
        const seen: string[] = [];
        const report = explore(
          (choose) => new Counters(list, choose),
          ({ log }) => void seen.push(log.join('')),
        );
        const total = list.reduce((sum, n) => sum + n, 0);
        const expected = list.reduce((count, n) => count / factorial(n), factorial(total));
        expect([seen.length, new Set(seen).size]).toEqual([expected, expected]);
        expect(report).toEqual({ runs: expected, pruned: 0, complete: true, failure: undefined });
      }),
      { numRuns: 30 },
    );
  });

  it('runs no state twice where states can be told apart', () => {
    const report = explore(
      (choose) => new Counters([3, 3, 3], choose),
      () => {},
      { fingerprint: ({ place }) => place },
    );
    expect(report.complete).toBe(true);
    // 64 states; from most of them some run ends early because its next state is known.
    expect(report.runs).toBeLessThan(150);
    expect(report.pruned).toBeGreaterThan(0);
  });

  it('finds the one order that fails, whether or not it prunes, and says how to repeat it', () => {
    const wrong = '10012';
    const check = (world: Counters): void => {
      if (world.log.join('') === wrong) throw new Error('the wrong order');
    };
    const make = (choose: Choose) => new Counters([2, 2, 1], choose);
    for (const options of [{}, { fingerprint: (world: Counters) => world.log.join() }]) {
      const { failure, complete } = explore(make, check, options);
      expect(complete).toBe(false);
      expect(failure?.error).toMatchObject({ message: 'the wrong order' });
      const repeated = make(replayChoices(failure?.choices ?? []));
      expect(() => {
        repeated.run();
        check(repeated);
      }).toThrow('the wrong order');
      expect(failure?.points).toHaveLength(failure?.choices.length ?? -1);
      expect(failure?.points[0]).toBe('cpu 1');
    }
  });

  it('reports what a run itself throws', () => {
    const error = new Error('in the run');
    const { failure } = explore(
      () => ({
        run: () => {
          throw error;
        },
      }),
      () => {},
    );
    expect(failure).toEqual({ choices: [], points: [], error });
  });

  it('ends at its limit of runs, and says that it is not complete', () => {
    const report = explore(
      (choose) => new Counters([4, 4], choose),
      () => {},
      { runs: 10 },
    );
    expect(report).toEqual({ runs: 10, pruned: 0, complete: false, failure: undefined });
  });

  it('refuses a world that does not repeat itself', () => {
    let made = 0;
    const shrinking = () =>
      explore(
        (choose) => new Counters([made++ === 0 ? 2 : 1, 1], choose),
        () => {},
      );
    expect(shrinking).toThrow(NondeterminismError);
    made = 0;
    const growing = () =>
      explore(
        (choose) => new Counters(made++ === 0 ? [1, 2] : [1, 2, 1], choose),
        () => {},
      );
    expect(growing).toThrow(NondeterminismError);
  });
});

/** Two CPUs start the same third one; each says what it was told. Then the machine is saved and restored once. */
function raceWorld(choose: Choose, brokenFirmware: boolean) {
  const machine = createMachine({
    guests: [{ name: 'g', vcpus: 3, deferred: true, services: { el3: [tinyService()] } }],
  });
  const guest = machine.guest('g');
  const client = createClient(tinyAbi, guest.conduit('smc'));
  const scheduler = new Scheduler(guest, { clock: machine.clock, choose });
  const answers: string[] = [];
  const arrivals: string[] = [];
  const racer = (context: number): GuestProgram =>
    // biome-ignore lint/correctness/useYield: one call, one step
    function* () {
      answers.push(String(client.start({ target: 2, entry: 0x9000, context })));
    };
  scheduler.at(ENTRY, racer(11));
  scheduler.at(0x9000, function* (cpu) {
    arrivals.push(String(cpu.x[0]));
    yield* client.stop();
  });
  client.start({ target: 1, entry: ENTRY, context: 0 });
  scheduler.spawn(0, racer(10));
  scheduler.interpose('save and restore', () => machine.restore(JSON.parse(JSON.stringify(machine.save()))));
  if (brokenFirmware) {
    // The seeded fault: a CPU counts as off, and can be started again, until it has arrived.
    const { power } = guest.ports;
    const state = power.state.bind(power);
    const start = power.start.bind(power);
    Object.assign(power, {
      state: (pe: Parameters<typeof state>[0]): PowerState => (state(pe) === 'starting' ? 'off' : state(pe)),
      start: (pe: Parameters<typeof state>[0]): void => {
        if (state(pe) !== 'starting') start(pe);
      },
    });
  }
  return {
    run: () => scheduler.run(),
    fingerprint: () => `${JSON.stringify(machine.save())}${scheduler.fingerprint()}`,
    answers,
    arrivals,
    powers: () => guest.vcpus.map(({ powerState }) => powerState),
  };
}

type Race = ReturnType<typeof raceWorld>;

/** Every arrival was announced by exactly one OK, and the context is that of its starter. */
function checkRace({ answers, arrivals, powers }: Race): void {
  const starts = answers.filter((answer) => answer === 'OK').length;
  if (starts !== arrivals.length) throw new Error(`${starts} starts succeeded, ${arrivals.length} CPUs arrived`);
  if (powers()[2] !== 'off') throw new Error(`cpu 2 ended ${powers()[2]}`);
}

describe('two CPUs that start a third', () => {
  it('get one success for each arrival, under every interleaving with save and restore', () => {
    const endings = new Set<string>();
    const report = explore(
      (choose) => raceWorld(choose, false),
      (world) => {
        endings.add(world.answers.join());
        checkRace(world);
      },
    );
    expect(report).toMatchObject({ complete: true, failure: undefined });
    expect([...endings].sort()).toEqual(['OK,ON', 'OK,OK', 'OK,PENDING'].sort());
  });

  it('are explored in fewer runs, with the same endings, where states are told apart', () => {
    const endings = new Set<string>();
    const make = (choose: Choose) => raceWorld(choose, false);
    const check = (world: Race) => void endings.add(world.answers.join());
    const all = explore(make, check);
    const found = [...endings].sort();
    endings.clear();
    const pruned = explore(make, check, { fingerprint: (world) => world.fingerprint() });
    expect(pruned.complete).toBe(true);
    expect(pruned.runs).toBeLessThan(all.runs);
    expect([...endings].sort()).toEqual(found);
  });

  it('are caught with a firmware that has no pending state', () => {
    const { failure } = explore((choose) => raceWorld(choose, true), checkRace);
    expect(failure?.error).toMatchObject({ message: '2 starts succeeded, 1 CPUs arrived' });
    const repeated = raceWorld(replayChoices(failure?.choices ?? []), true);
    repeated.run();
    expect(() => checkRace(repeated)).toThrow('2 starts succeeded');
  });
});

describe('a CPU that sleeps until another interrupts it', () => {
  // One machine for all runs: each begins by restoring its first state.
  const machine = createMachine({
    guests: [{ name: 'g', vcpus: 2, deferred: true, services: { el3: [tinyService()] } }],
  });
  const guest = machine.guest('g');
  const [sleeper] = guest.vcpus as [Vcpu, Vcpu];
  const { interrupts } = guest.ports;
  (guest.world.models.gic as Gic).setEnabled(sleeper, 5, true);
  const first = JSON.stringify(machine.save());

  function sleepWorld(choose: Choose, nanoseconds: number) {
    machine.restore(JSON.parse(first));
    const client = createClient(tinyAbi, guest.conduit('smc'));
    const scheduler = new Scheduler(guest, { clock: machine.clock, choose });
    const times: bigint[] = [];
    client.start({ target: 1, entry: ENTRY, context: 0 });
    scheduler.spawn(0, function* () {
      yield* client.sleep({ nanoseconds, resume: 0 });
      times.push(machine.clock.now());
    });
    scheduler.at(ENTRY, function* () {
      interrupts.pulse(sleeper, 5);
      yield* client.stop();
    });
    scheduler.interpose('save and restore', () => machine.restore(JSON.parse(JSON.stringify(machine.save()))));
    return { run: () => scheduler.run(), unfinished: () => scheduler.unfinished(), times };
  }

  it.each([0, 1000])('is always woken, whenever the interrupt comes (deadline %i)', (nanoseconds) => {
    const report = explore(
      (choose) => sleepWorld(choose, nanoseconds),
      ({ unfinished, times }) => {
        expect(unfinished()).toEqual([]);
        // The interrupt can always come first: nobody need wait for the deadline.
        expect(times).toEqual([0n]);
      },
    );
    expect(report).toMatchObject({ complete: true, failure: undefined });
    expect(report.runs).toBeGreaterThan(20);
  });
});
