import {
  CONTEXT_LOW,
  ENTRY_LOW,
  type Exit,
  OFF,
  type Outcome,
  PC,
  RESUME,
  RETURNED,
  type SystemEvent,
  UNCLAIMED,
  type Wait,
} from '@trapline/core';
import { createMachine, type GuestSpec, nextPower, type PowerChange, PowerError } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

const PPI = 27;

function guestOf(spec: Partial<GuestSpec> = {}, answer?: Outcome) {
  const service = answer ? tinyService({ onPass: () => answer }) : tinyService();
  const machine = createMachine({ guests: [{ name: 'g', vcpus: 2, services: { el3: [service] }, ...spec }] });
  const guest = machine.guest('g');
  const [a, b] = [guest.vcpu(0), guest.vcpu(1)];
  a.x[PC] = 0x1000n;
  const call = (name: keyof typeof tinyAbi.calls, ...args: number[]): Outcome => {
    a.w.fill(0, 0, 16);
    a.w[0] = tinyAbi.calls[name].id;
    args.forEach((value, i) => {
      a.w[2 + 2 * i] = value;
    });
    return machine.trap(a, 'smc', 0);
  };
  const gic = guest.models.gic;
  gic?.setEnabled(a, PPI, true);
  return { machine, guest, a, b, call };
}

describe('a started CPU', () => {
  test('is pending until its first instruction, and finds entry and context', () => {
    const { guest, b, call } = guestOf();
    b.x.fill(0xdeadn);
    call('start', 1, 0x4008_0000, 7);
    expect([b.powerState, b.x[0]]).toEqual(['starting', 0xdeadn]);
    expect(call('start', 1, 0x5000_0000, 8)).toBe(RETURNED);
    expect((guest.vcpu(0).w[0] as number) | 0).toBe(-5);
    expect(guest.enter(b)).toBe(true);
    expect([b.powerState, b.x[0], b.x[PC]]).toEqual(['running', 7n, 0x4008_0000n]);
    expect(b.x.subarray(1, 32).every((value) => value === 0n)).toBe(true);
    expect([b.el, b.state, b.pstate]).toEqual([1, 'a64', 0x3c5]);
    expect(guest.enter(b)).toBe(false);
  });

  test('begins with what its record holds when it is reached', () => {
    const { guest, b, call } = guestOf();
    call('start', 1, 0x1000, 1);
    b.startState.w[ENTRY_LOW] = 0x2000;
    b.startState.w[CONTEXT_LOW] = 2;
    guest.enter(b);
    expect([b.x[PC], b.x[0]]).toEqual([0x2000n, 2n]);
  });

  test('begins in T32 where an AArch32 entry point is odd, big-endian where its record says so', () => {
    const { guest, b, call } = guestOf({ vcpus: [{ boot: { state: 'a32' } }, {}] });
    call('start', 1, 0x8001, 3);
    b.startState.bigEndian = true;
    guest.enter(b);
    expect([b.state, b.x[PC], b.x[0]]).toEqual(['t32', 0x8000n, 3n]);
    expect(b.pstate).toBe(0x3f3);
    expect(b.sctlr & (1 << 25)).not.toBe(0);
    b.startState.state = 't32';
  });

  test('may be run at once by the embedder, from inside the call that starts it', () => {
    const order: string[] = [];
    const machine = createMachine({
      guests: [
        {
          name: 'g',
          vcpus: [
            {},
            {
              cpu: {
                power: (vcpu, state) => {
                  order.push(state);
                  if (state !== 'starting') return;
                  machine.guest('g').enter(vcpu);
                  vcpu.w[0] = tinyAbi.calls.stop.id;
                  order.push(machine.trap(vcpu, 'smc', 0).kind);
                },
              },
            },
          ],
          services: { el3: [tinyService()] },
        },
      ],
    });
    const first = machine.guest('g').vcpu(0);
    first.w.set([tinyAbi.calls.start.id, 0, 1, 0, 0x1000, 0, 0, 0]);
    expect(machine.trap(first, 'smc', 0)).toBe(RETURNED);
    expect(first.w[0]).toBe(0);
    expect(order).toEqual(['starting', 'running', 'stopping', 'off', 'off']);
  });
});

describe('a CPU that is off', () => {
  test('has gone at once where nobody drives the points', () => {
    const { a, call } = guestOf();
    expect(call('stop')).toBe(OFF);
    expect(a.powerState).toBe('off');
  });

  test('is stopping until somebody completes it in a deferred guest', () => {
    const { guest, a, call } = guestOf({ deferred: true });
    call('stop');
    expect(a.powerState).toBe('stopping');
    expect(() => guest.ports.power.start(a)).toThrow(PowerError);
    expect([guest.completeOff(a), guest.completeOff(a), a.powerState]).toEqual([true, false, 'off']);
  });
});

describe('a CPU that waits', () => {
  test('wakes by an interrupt though it is masked, and returns with its results', () => {
    const { guest, a, call } = guestOf();
    expect(call('sleep', 0, 0).kind).toBe('wait');
    expect([a.powerState, a.x[PC]]).toEqual(['waiting', 0x1000n]);
    guest.ports.interrupts.setLevel(a, PPI, true);
    expect([a.powerState, a.x[PC], a.x[0]]).toEqual(['running', 0x1004n, 0n]);
  });

  test('does not wake by an interrupt that is not enabled', () => {
    const { guest, a, call } = guestOf();
    call('sleep', 0, 0);
    guest.ports.interrupts.setLevel(a, PPI + 1, true);
    expect(a.powerState).toBe('waiting');
  });

  test('does not even stop where an interrupt is pending already', () => {
    const { guest, a, call } = guestOf();
    guest.ports.interrupts.setLevel(a, PPI, true);
    expect(call('sleep', 0, 0)).toBe(RETURNED);
    expect([a.powerState, a.x[PC]]).toEqual(['running', 0x1004n]);
  });

  test('wakes at its deadline', () => {
    const { machine, a, call } = guestOf();
    call('sleep', 1000, 0);
    machine.clock.advance(999n);
    expect(a.powerState).toBe('waiting');
    machine.clock.advance(1n);
    expect([a.powerState, a.x[PC]]).toEqual(['running', 0x1004n]);
    machine.clock.advance(10_000n);
  });

  test('forgets its deadline when something else wakes it', () => {
    const { machine, guest, a, call } = guestOf();
    call('sleep', 1000, 0);
    guest.wake(a);
    expect(machine.clock.next).toBeUndefined();
    expect(a.powerState).toBe('running');
  });

  test('resumes at its entry point where the service says so', () => {
    const { guest, a, call } = guestOf();
    call('sleep', 0, 1);
    guest.wake(a);
    expect([a.x[PC], a.x[0]]).toEqual([0x8000n, 7n]);
  });

  test('executes its instruction again where the service says so, with its registers as they are', () => {
    const { guest, a, call } = guestOf({}, { kind: 'wait', until: 'service', onWake: 'repeat', why: 'a list' });
    expect(call('pass', 5).kind).toBe('wait');
    const before = [...a.x];
    guest.power.wake(a);
    expect([a.powerState, a.x[PC], [...a.x]]).toEqual(['running', 0x1000n, before]);
  });

  test('that is to repeat its call, and has no need to wait, repeats it at once', () => {
    const { guest, a, call } = guestOf({}, { kind: 'wait', until: 'interrupt', onWake: 'repeat', why: 'a list' });
    guest.ports.interrupts.pulse(a, PPI);
    expect(call('pass', 5).kind).toBe('again');
    expect(a.x[PC]).toBe(0x1000n);
  });

  test('may be started anew: the wait is forgotten', () => {
    const { machine, guest, a, call } = guestOf();
    call('sleep', 1000, 0);
    guest.ports.power.startState(a).w.set([0x9000, 0, 1, 0]);
    guest.ports.power.start(a);
    machine.clock.advance(5000n);
    expect([a.powerState, a.wait]).toEqual(['starting', undefined]);
  });

  test('keeps a wake-up that comes before it has entered its state, in a deferred guest', () => {
    const { guest, a, call } = guestOf({ deferred: true });
    call('sleep', 0, 0);
    guest.wake(a);
    guest.ports.interrupts.setLevel(a, PPI, true);
    expect(a.powerState).toBe('waiting');
    expect([guest.enterWait(a), a.powerState]).toEqual([true, 'running']);
    expect(guest.enterWait(a)).toBe(false);
  });

  test('wakes when it enters its state after its deadline', () => {
    const { machine, guest, a, call } = guestOf({ deferred: true });
    call('sleep', 10, 0);
    machine.clock.advance(100n);
    expect(a.powerState).toBe('waiting');
    guest.enterWait(a);
    expect(a.powerState).toBe('running');
  });

  test('for its service alone is not woken by interrupts', () => {
    const wait: Wait = { kind: 'wait', until: 'service', onWake: 'return', results: ['0x7', 'ff'], why: 'a friend' };
    const { guest, a, call } = guestOf({}, wait);
    expect(call('pass')).toBe(wait);
    guest.ports.interrupts.setLevel(a, PPI, true);
    expect(a.powerState).toBe('waiting');
    guest.ports.power.wake(a);
    expect([a.powerState, a.x[0], a.x[1]]).toEqual(['running', 7n, 0xffn]);
  });

  test('wakes by an embedder’s own controller, told by interruptsChanged', () => {
    let pending = false;
    const interrupts = { setLevel: () => {}, pulse: () => {}, pending: () => pending };
    const { guest, a, call } = guestOf({ ports: { interrupts } });
    call('sleep', 0, 0);
    guest.interruptsChanged();
    expect(a.powerState).toBe('waiting');
    pending = true;
    guest.interruptsChanged(1);
    expect(a.powerState).toBe('waiting');
    guest.interruptsChanged(0);
    expect(a.powerState).toBe('running');
    call('sleep', 0, 0);
    expect(a.powerState).toBe('running');
    pending = false;
    call('sleep', 0, 0);
    pending = true;
    guest.ports.interrupts.pulse(a, PPI);
    expect(a.powerState).toBe('running');
  });
});

test('a resumed caller begins at its own start state', () => {
  const { a, call } = guestOf({}, RESUME);
  a.startState.w.set([0x7000, 0, 9, 0]);
  expect(call('pass')).toBe(RESUME);
  expect([a.x[PC], a.x[0], a.powerState]).toEqual([0x7000n, 9n, 'running']);
});

describe('a caller that the embedder has to decide about', () => {
  const shutdown: SystemEvent = { kind: 'system', event: 'shutdown', detail: {} };
  const exit: Exit = { kind: 'exit', reason: 'debug', data: { code: 1 } };

  test('stays put after a system event, which the port and the stream tell', () => {
    const { guest, a, call } = guestOf({}, shutdown);
    const events: string[] = [];
    guest.ports.system.events$.subscribe((event) => events.push(event.event));
    expect(call('pass')).toBe(shutdown);
    expect([a.powerState, a.x[PC], events]).toEqual(['waiting', 0x1000n, ['shutdown']]);
    guest.wake(a);
    guest.ports.interrupts.setLevel(a, PPI, true);
    expect([a.powerState, guest.enterWait(a)]).toEqual(['waiting', false]);
    a.w[0] = 5;
    expect(guest.decide(a, RETURNED)).toBe(RETURNED);
    expect([a.powerState, a.x[PC], a.w[0]]).toEqual(['running', 0x1004n, 5]);
    expect(() => guest.decide(a, RETURNED)).toThrow(PowerError);
  });

  test('may be powered off, resumed or given an exception', () => {
    const { guest, a, call } = guestOf({}, exit);
    call('pass');
    guest.decide(a, UNCLAIMED);
    expect([a.powerState, a.read('ELR_EL1')]).toEqual(['running', 0x1000n]);
    call('pass');
    guest.decide(a, RESUME);
    expect(a.powerState).toBe('running');
    expect(call('pass')).toBe(exit);
    guest.decide(a, OFF);
    expect(a.powerState).toBe('off');
  });

  test('may be reset with its guest from inside the event', () => {
    const { guest, a, call } = guestOf({}, shutdown);
    guest.ports.system.events$.subscribe(() => guest.reset());
    expect(call('pass')).toBe(shutdown);
    expect([a.powerState, a.x[PC], a.wait]).toEqual(['running', 0n, undefined]);
  });
});

test('a guest is reset alone: CPUs, services and models as they were built, RAM as it is', () => {
  const machine = createMachine({
    guests: ['one', 'two'].map((name) => ({
      name,
      vcpus: 2,
      memory: [{ base: 0, size: 0x1000 }],
      services: { el3: [tinyService()] },
    })),
  });
  const [one, two] = machine.guests as [(typeof machine.guests)[0], (typeof machine.guests)[0]];
  for (const guest of [one, two]) {
    guest.vcpu(0).w.set([tinyAbi.calls.start.id, 0, 1, 0, 0x1000, 0, 0, 0]);
    machine.trap(guest.vcpu(0), 'smc', 0);
    guest.ports.memory.write(0x10 as never, Uint8Array.of(9));
  }
  one.reset();
  expect([one.vcpu(0).x[0], one.vcpu(1).powerState]).toEqual([0n, 'off']);
  expect(two.vcpu(1).powerState).toBe('starting');
  const byte = new Uint8Array(1);
  one.ports.memory.read(0x10 as never, byte);
  expect(byte[0]).toBe(9);
  machine.reset();
  expect(two.vcpu(1).powerState).toBe('off');
});

describe('the power machine', () => {
  test('knows which event leads where', () => {
    const table = (['off', 'starting', 'running', 'waiting', 'stopping'] as const).map((state) =>
      (['start', 'enter', 'wait', 'wake', 'off', 'gone'] as const)
        .map((event) => nextPower(state, event) ?? '-')
        .join(' '),
    );
    expect(table).toEqual([
      'starting - - - - -',
      'starting running - - - -',
      '- - waiting - stopping -',
      'starting - - running stopping -',
      '- - - - - off',
    ]);
  });

  type Step = readonly [
    what: 'start' | 'enter' | 'off' | 'gone' | 'sleep' | 'entered' | 'wake' | 'irq' | 'time',
    cpu: number,
  ];
  const step = fc.tuple(
    fc.constantFrom<Step[0]>('start', 'enter', 'off', 'gone', 'sleep', 'entered', 'wake', 'irq', 'time'),
    fc.integer({ min: 0, max: 3 }),
  );

  test('loses no CPU in any sequence: every CPU can be brought to run, and each start is answered once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, deferred) => {
        const machine = createMachine({
          guests: [{ name: 'g', vcpus: 4, deferred, services: { el3: [tinyService()] } }],
        });
        const guest = machine.guest('g');
        const changes: PowerChange[] = [];
        machine.power$.subscribe((change) => changes.push(change));
        const gic = guest.models.gic;
        for (const vcpu of guest.vcpus) gic?.setEnabled(vcpu, PPI, true);
        const call = (cpu: number, id: number, a = 0, b = 0): number | undefined => {
          const vcpu = guest.vcpu(cpu);
          if (vcpu.powerState !== 'running') return undefined;
          vcpu.w.set([id, 0, a, 0, b, 0], 0);
          machine.trap(vcpu, 'smc', 0);
          return (vcpu.w[0] as number) | 0;
        };
        const anyRunning = (): number => guest.vcpus.findIndex((vcpu) => vcpu.powerState === 'running');
        const started = [0, 0, 0, 0];
        for (const [what, cpu] of steps) {
          const vcpu = guest.vcpu(cpu);
          if (what === 'start') {
            const before = vcpu.powerState;
            const caller = anyRunning();
            if (caller < 0) continue;
            const code = call(caller, tinyAbi.calls.start.id, cpu, 0x1000);
            expect(code).toBe(before === 'off' ? 0 : before === 'starting' ? -5 : -4);
            if (code === 0) started[cpu] = (started[cpu] ?? 0) + 1;
          } else if (what === 'enter') guest.enter(vcpu);
          else if (what === 'off') call(cpu, tinyAbi.calls.stop.id);
          else if (what === 'gone') guest.completeOff(vcpu);
          else if (what === 'sleep') call(cpu, tinyAbi.calls.sleep.id, 50);
          else if (what === 'entered') guest.enterWait(vcpu);
          else if (what === 'wake') guest.wake(vcpu);
          else if (what === 'irq') {
            guest.ports.interrupts.setLevel(vcpu, PPI, true);
            guest.ports.interrupts.setLevel(vcpu, PPI, false);
          } else machine.clock.advance(60n);
        }
        for (const vcpu of guest.vcpus) {
          guest.completeOff(vcpu);
          guest.enterWait(vcpu);
          guest.wake(vcpu);
          if (vcpu.powerState === 'off') guest.ports.power.start(vcpu);
          guest.enter(vcpu);
          expect(vcpu.powerState).toBe('running');
        }
        for (const { from, to } of changes) expect(from).not.toBe(to);
        started.forEach((count, cpu) => {
          const starting = changes.filter((c) => c.vcpu === cpu && c.from === 'off' && c.to === 'starting').length;
          expect(starting - count).toBeGreaterThanOrEqual(0);
          expect(starting - count).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 300 },
    );
  });
});
