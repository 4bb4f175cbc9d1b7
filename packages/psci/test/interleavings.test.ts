import {
  type AttachedGuest,
  type Call,
  createClient,
  type GuestProgram,
  type Handler,
  RETURNED,
  type Service,
} from '@trapline/core';
import { abi, psci, status } from '@trapline/psci';
import { type Choose, createMachine, type ExploreReport, explore, replayChoices, Scheduler } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

/** Thousands of runs: slow on a busy machine. */

const RAM = 0x4000_0000;
/** Where started CPUs begin, and where suspended ones resume. */
const STARTED = RAM + 0x1000;
const RESUMED = RAM + 0x2000;
const STANDBY = 0x0;
const POWERDOWN = 0x1_0000;

/** What AFFINITY_INFO must say of a CPU that is in this state for the machine. */
const SEEN = { off: 'OFF', starting: 'ON_PENDING', running: 'ON', waiting: 'ON', stopping: 'ON' } as const;

/** A deferred machine: every point of a CPU's life is the scheduler's. */
function worldOf(vcpus: number, service: Service, choose: Choose) {
  const machine = createMachine({
    guests: [
      { name: 'g', vcpus, deferred: true, memory: [{ base: RAM, size: 0x10_0000 }], services: { el3: [service] } },
    ],
  });
  const guest = machine.guest('g');
  const client = createClient(abi, guest.conduit('smc'));
  const scheduler = new Scheduler(guest, { clock: machine.clock, choose });
  const powers = () => guest.vcpus.map(({ powerState }) => powerState);
  /** Firmware and machine agree about every CPU. */
  const agree = (): void => {
    const caller = guest.vcpus.findIndex(({ powerState }) => powerState === 'running');
    if (caller < 0) return;
    guest.select(caller);
    const kept = [...(guest.vcpus[caller]?.x ?? [])];
    powers().forEach((power, target) => {
      const seen = client.affinityInfo({ target, lowestLevel: 0 });
      if (seen !== SEEN[power]) throw new Error(`cpu ${target} is ${power}, firmware says ${String(seen)}`);
    });
    kept.forEach((value, i) => {
      const x = guest.vcpus[caller]?.x;
      if (x) x[i] = value;
    });
  };
  return {
    machine,
    guest,
    client,
    scheduler,
    powers,
    saveAndRestore: () => machine.restore(JSON.parse(JSON.stringify(machine.save()))),
    run: () => scheduler.run(),
    fingerprint: () => {
      agree();
      // With firmware and machine agreed, this is all that later steps can depend on.
      const waits = guest.vcpus.map(({ wait }) => (wait ? `${wait.entered}${wait.woken}` : ''));
      return `${powers().join()}|${waits.join()}|${scheduler.fingerprint()}`;
    },
  };
}

/** CPUs that run race to start the last one, which goes off again; each says what it was told. */
function race(starters: number, service: Service, choose: Choose) {
  const target = starters;
  const world = worldOf(starters + 1, service, choose);
  const { client, scheduler } = world;
  const answers: string[] = [];
  const arrivals: string[] = [];
  const starter = (context: number): GuestProgram =>
    // biome-ignore lint/correctness/useYield: one call, one step
    function* () {
      answers.push(String(client.cpuOn({ target, entry: STARTED, context })));
    };
  scheduler.at(STARTED, function* (cpu) {
    if (cpu.index !== target) {
      yield* starter(cpu.index)(cpu);
      return;
    }
    arrivals.push(String(cpu.x[0]));
    yield* client.cpuOff();
  });
  for (let cpu = 1; cpu < starters; cpu++) client.cpuOn({ target: cpu, entry: STARTED, context: 0 });
  scheduler.spawn(0, starter(0));
  scheduler.interpose('save and restore', world.saveAndRestore);
  return { ...world, answers, arrivals };
}

function checkRace({ answers, arrivals, powers }: ReturnType<typeof race>): void {
  const started = answers.filter((answer) => answer === 'SUCCESS').length;
  if (started !== arrivals.length)
    throw new Error(`${started} CPU_ON succeeded, the CPU began ${arrivals.length} times`);
  const others = answers.filter((answer) => answer !== 'SUCCESS');
  if (!others.every((answer) => answer === 'ALREADY_ON' || answer === 'ON_PENDING')) throw new Error(others.join());
  if (powers().at(-1) !== 'off') throw new Error(`the CPU ended ${powers().at(-1)}`);
}

/** Firmware with a fault: a CPU that is started counts as off until it has begun. */
function withoutPending(service: Service): Service {
  return {
    ...service,
    start: () => {
      const running = service.start();
      const attach = (guest: AttachedGuest) => {
        const attachment = running.attach(guest);
        const faulty = (handler: Handler): Handler => {
          return (call: Call) => {
            const before = attachment.save();
            const { power } = guest.ports;
            const pending = guest.pes.filter((pe) => power.state(pe) === 'starting');
            const outcome = handler(call);
            if (pending.length > 0 || guest.pes.some((pe) => power.state(pe) === 'starting'))
              attachment.restore(before);
            return outcome;
          };
        };
        return {
          ...attachment,
          implementations: attachment.implementations.map((implementation) => ({
            ...implementation,
            entries: implementation.entries.map((entry) =>
              entry.declaration.name === 'cpuOn' ? { ...entry, handler: faulty(entry.handler) } : entry,
            ),
          })),
        };
      };
      return { ...running, attach };
    },
  };
}

function exploreRace(
  starters: number,
  service: () => Service,
  fingerprint = true,
): { report: ExploreReport; ends: string[] } {
  const ends = new Set<string>();
  const report = explore(
    (choose) => race(starters, service(), choose),
    (world) => {
      ends.add([...world.answers].sort().join());
      checkRace(world);
    },
    fingerprint ? { fingerprint: (world) => world.fingerprint() } : {},
  );
  return { report, ends: [...ends].sort() };
}

describe('CPU_ON under every interleaving', () => {
  test('two CPUs that start a third: each start that succeeds is one beginning', () => {
    const { report, ends } = exploreRace(2, psci.firmware);
    expect(report).toMatchObject({ complete: true, failure: undefined });
    expect(ends).toEqual(['ALREADY_ON,SUCCESS', 'ON_PENDING,SUCCESS', 'SUCCESS,SUCCESS']);
  });

  test('three CPUs that start a fourth', () => {
    const { report, ends } = exploreRace(3, psci.firmware);
    expect(report).toMatchObject({ complete: true, failure: undefined });
    expect(ends).toContain('ON_PENDING,ON_PENDING,SUCCESS');
    expect(ends).toContain('SUCCESS,SUCCESS,SUCCESS');
  });

  test('a firmware without the pending state is caught, and the failure can be repeated', () => {
    const faulty = () => withoutPending(psci.firmware());
    const { report } = exploreRace(2, faulty, false);
    expect(report.failure?.error).toMatchObject({ message: '2 CPU_ON succeeded, the CPU began 1 times' });
    const again = race(2, faulty(), replayChoices(report.failure?.choices ?? []));
    again.run();
    expect(() => checkRace(again)).toThrow('2 CPU_ON succeeded');
  });
});

/** CPU 0 starts the others; they suspend, wake, and go off. Wake-ups of the first few may come at any point. */
function life(vcpus: number, powerState: number, woken: number, choose: Choose) {
  const world = worldOf(vcpus, psci.firmware(), choose);
  const { client, guest, scheduler } = world;
  const log: string[] = [];
  scheduler.at(STARTED, function* (cpu) {
    log.push(`${cpu.index} began`);
    const result = yield* client.cpuSuspend({ powerState, entry: RESUMED, context: 0xa0 + cpu.index });
    log.push(`${cpu.index} ${result === status.SUCCESS ? 'woke' : String(result)}`);
    yield* client.cpuOff();
  });
  scheduler.at(RESUMED, function* (cpu) {
    if (cpu.x[0] !== BigInt(0xa0 + cpu.index)) throw new Error(`context ${cpu.x[0]}`);
    log.push(`${cpu.index} woke`);
    yield* client.cpuOff();
  });
  scheduler.spawn(0, function* () {
    for (let target = 1; target < vcpus; target++) {
      const result = client.cpuOn({ target, entry: STARTED, context: target });
      if (result !== status.SUCCESS) throw new Error(`CPU_ON of ${target}: ${String(result)}`);
      yield RETURNED;
    }
  });
  scheduler.interpose('save and restore', world.saveAndRestore);
  for (let cpu = 1; cpu <= woken; cpu++) {
    const vcpu = guest.vcpus[cpu];
    if (vcpu) scheduler.interpose(`wake ${cpu}`, () => guest.wake(vcpu));
  }
  /** A wake-up that came too early has been for nothing: the next one must find the CPU. */
  const run = (): void => {
    for (let round = 0; round <= vcpus; round++) {
      scheduler.run();
      for (const vcpu of guest.vcpus) guest.wake(vcpu);
    }
  };
  return { ...world, run, log };
}

function checkLife({ log, powers, scheduler }: ReturnType<typeof life>): void {
  const [first, ...others] = powers();
  if (first !== 'running' || others.some((power) => power !== 'off')) throw new Error(`ended ${powers().join()}`);
  if (scheduler.unfinished().length > 0) throw new Error('a CPU is lost');
  others.forEach((_, i) => {
    const own = log.filter((line) => line.startsWith(`${i + 1} `)).join();
    if (own !== `${i + 1} began,${i + 1} woke`) throw new Error(own);
  });
}

describe('the life of CPUs under every interleaving of call, first instruction, suspend, wake, off, save and restore', () => {
  test.each([
    [2, 1, 'standby', STANDBY],
    [2, 1, 'power-down', POWERDOWN],
    [3, 1, 'standby', STANDBY],
    [3, 2, 'power-down', POWERDOWN],
    [4, 0, 'power-down', POWERDOWN],
  ])('%i CPUs, %i of them woken at any point, %s: none is lost', (vcpus, woken, _, powerState) => {
    const report = explore((choose) => life(vcpus, powerState, woken, choose), checkLife, {
      fingerprint: (world) => world.fingerprint(),
    });
    expect(report.failure).toBeUndefined();
    expect(report.complete).toBe(true);
  });
});
