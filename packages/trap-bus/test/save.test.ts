import { type AttachedGuest, type Outcome, RestoreError, type Saved, type Service } from '@trapline/core';
import { createMachine, type GuestSpec, type Machine, SAVED_FORMAT, SAVED_VERSION } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

const PPI = 27;

function machineOf(spec: Partial<GuestSpec> = {}): Machine {
  const machine = createMachine({
    guests: [
      {
        name: 'g',
        vcpus: 3,
        memory: [{ base: 0x4000_0000, size: 0x10_0000 }],
        deferred: true,
        services: { el2: [tinyService({ name: 'hyp', version: 2 })], el3: [tinyService({ name: 'fw', version: 3 })] },
        ...spec,
      },
    ],
  });
  for (const vcpu of machine.guest('g').vcpus) machine.guest('g').models.gic?.setEnabled(vcpu, PPI, true);
  return machine;
}

type Step = readonly [what: number, cpu: number, argument: number];
const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(8), fc.nat(2), fc.nat(200));

/** One step of a run; what comes of it depends on the machine's state alone. */
function take(machine: Machine, [what, cpu, argument]: Step): void {
  const guest = machine.guest('g');
  const vcpu = guest.vcpu(cpu);
  const call = (id: number, ...args: number[]): void => {
    if (vcpu.powerState !== 'running') return;
    vcpu.w[0] = id;
    args.forEach((value, i) => {
      vcpu.w[2 + 2 * i] = value;
    });
    machine.trap(vcpu, argument & 1 ? 'hvc' : 'smc', 0);
  };
  const { start, stop, sleep, version } = tinyAbi.calls;
  const steps = [
    () => call(start.id, argument % 3, 0x4000_0000 + argument, argument),
    () => call(stop.id),
    () => call(sleep.id, argument, argument & 2),
    () => call(argument & 4 ? version.id : 0x1234),
    () => void guest.enter(vcpu),
    () => void guest.completeOff(vcpu),
    () => void guest.enterWait(vcpu),
    () => machine.clock.advance(BigInt(argument)),
    () => {
      guest.ports.interrupts.setLevel(vcpu, PPI, (argument & 1) !== 0);
      guest.ports.memory.write((0x4000_0000 + argument) as never, Uint8Array.of(argument));
      guest.ports.random.fill(new Uint8Array(argument & 7));
      guest.ports.log.log('info', 'test', `step ${argument}`);
    },
  ];
  (steps[what] as () => void)();
}

const throughJson = (saved: Saved): Saved => JSON.parse(JSON.stringify(saved)) as Saved;

describe('a saved run', () => {
  test('goes on in another machine, from any step, as the uninterrupted one', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 24 }), (steps) => {
        const whole = machineOf();
        const states = steps.map((one) => {
          const before = throughJson(whole.save());
          take(whole, one);
          return before;
        });
        const end = throughJson(whole.save());
        const other = machineOf();
        states.forEach((state, from) => {
          other.restore(state);
          expect(throughJson(other.save())).toEqual(state);
          for (const one of steps.slice(from)) take(other, one);
          expect(throughJson(other.save())).toEqual(end);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('keeps a waiting call with its deadline, results and words', () => {
    const machine = machineOf();
    const vcpu = machine.guest('g').vcpu(0);
    vcpu.w.set([tinyAbi.calls.sleep.id, 0, 500, 0, 0, 0], 0);
    machine.trap(vcpu, 'smc', 0);
    machine.guest('g').enterWait(vcpu);
    const other = machineOf();
    other.restore(throughJson(machine.save()));
    const woken = other.guest('g').vcpu(0);
    expect(woken.wait?.wait).toEqual({ ...vcpu.wait?.wait, results: ['0x0'] });
    other.clock.advance(499n);
    expect(woken.powerState).toBe('waiting');
    other.clock.advance(1n);
    expect([woken.powerState, woken.x[0]]).toEqual(['running', 0n]);
  });

  test('wakes nobody on the way: a CPU that waited is off until all is in place', () => {
    const pending = machineOf({ deferred: false });
    pending.guest('g').ports.interrupts.setLevel(pending.guest('g').vcpu(0), PPI, true);
    const saved = throughJson(pending.save());
    const machine = machineOf({ deferred: false });
    const vcpu = machine.guest('g').vcpu(0);
    vcpu.w.set([tinyAbi.calls.sleep.id, 0, 0, 0, 0, 0], 0);
    machine.trap(vcpu, 'smc', 0);
    const changes: string[] = [];
    machine.power$.subscribe(({ vcpu: cpu, from, to }) => changes.push(`${cpu} ${from} ${to}`));
    machine.restore(saved);
    expect(changes).toEqual(['0 waiting off', '0 off running']);
    expect(throughJson(machine.save())).toEqual(saved);
  });

  test('keeps a caller that the embedder has to decide about', () => {
    const event: Outcome = { kind: 'system', event: 'reset', detail: {} };
    const services = { el3: [tinyService({ onPass: () => event })] };
    const machine = machineOf({ services });
    const vcpu = machine.guest('g').vcpu(0);
    vcpu.w[0] = tinyAbi.calls.pass.id;
    machine.trap(vcpu, 'smc', 0);
    const other = machineOf({ services });
    other.restore(throughJson(machine.save()));
    const held = other.guest('g').vcpu(0);
    expect([held.powerState, held.wait?.wait.why]).toEqual(['waiting', 'system reset']);
    other.guest('g').decide(held, { kind: 'off' });
    expect(held.powerState).toBe('stopping');
  });

  test('keeps what belongs to no single guest of a service that serves two', () => {
    let started = 0;
    const shared: Service = {
      name: 'shared',
      levels: ['el3'],
      needs: [],
      start: () => {
        started++;
        let total = 0;
        return {
          attach: (_: AttachedGuest) => ({
            implementations: [],
            reset: () => {},
            save: () => null,
            restore: () => {},
          }),
          save: () => ({ total: ++total }),
          restore: (saved: Saved) => {
            total = (saved as { total: number }).total;
          },
        };
      },
    };
    const build = (): Machine =>
      createMachine({ guests: ['a', 'b'].map((name) => ({ name, vcpus: 1, services: { el3: [shared] } })) });
    const machine = build();
    expect(started).toBe(1);
    machine.save();
    const saved = machine.save() as { services: Saved };
    expect(saved.services).toEqual([{ name: 'shared', state: { total: 2 } }]);
    const other = build();
    other.restore(saved);
    expect((other.save() as { services: Saved }).services).toEqual([{ name: 'shared', state: { total: 3 } }]);
  });
});

describe('saved state of something else', () => {
  type Mutable = Record<string, unknown>;
  const spoil = (change: (saved: Mutable, guest: Mutable, vcpu: Mutable) => void): Saved => {
    const saved = throughJson(machineOf().save()) as Mutable;
    const guest = (saved.guests as Mutable[])[0] as Mutable;
    change(saved, guest, (guest.vcpus as Mutable[])[0] as Mutable);
    return saved as Saved;
  };

  test.each<[string, RegExp, (saved: Mutable, guest: Mutable, vcpu: Mutable) => void]>([
    [
      'another format',
      /format is "other"/,
      (s) => {
        s.format = 'other';
      },
    ],
    [
      'another version',
      /version 99/,
      (s) => {
        s.version = 99;
      },
    ],
    [
      'another number of guests',
      /guests: 0 entries/,
      (s) => {
        s.guests = [];
      },
    ],
    [
      'another guest',
      /the saved guest in its place is "h"/,
      (_, g) => {
        g.name = 'h';
      },
    ],
    [
      'fewer vCPUs',
      /g.vcpus: 1 entries where this machine has 3/,
      (_, g) => {
        g.vcpus = [(g.vcpus as unknown[])[0]];
      },
    ],
    [
      'another service',
      /g.services\[0\]: name is "x", this machine has hyp/,
      (_, g) => {
        ((g.services as Mutable[])[0] as Mutable).name = 'x';
      },
    ],
    [
      'a service at another level',
      /level is "el3", this machine has el2/,
      (_, g) => {
        ((g.services as Mutable[])[0] as Mutable).level = 'el3';
      },
    ],
    [
      'a power state that is none',
      /g.vcpus\[0\].power: expected one of/,
      (_, _g, v) => {
        v.power = 'asleep';
      },
    ],
    [
      'a waiting CPU without a wait',
      /waiting, without something to wait for/,
      (_, _g, v) => {
        v.power = 'waiting';
      },
    ],
    [
      'a register that is no number',
      /g.vcpus\[0\].x\[3\]: expected a 64-bit hexadecimal string/,
      (_, _g, v) => {
        (v.x as unknown[])[3] = '0xzz';
      },
    ],
    [
      'too few registers',
      /g.vcpus\[0\].x: 1 entries/,
      (_, _g, v) => {
        v.x = ['0x0'];
      },
    ],
    [
      'a system register that this vCPU has not',
      /no register RNDR/,
      (_, _g, v) => {
        (v.system as Mutable).RNDR = '0x1';
      },
    ],
    [
      'a PSTATE that is no integer',
      /pstate: expected a 32-bit integer/,
      (_, _g, v) => {
        v.pstate = 1.5;
      },
    ],
    [
      'a flag that is none',
      /secure: expected true or false/,
      (_, _g, v) => {
        v.secure = 1;
      },
    ],
    [
      'a list that is none',
      /g.vcpus\[0\].x: expected a list/,
      (_, _g, v) => {
        v.x = {};
      },
    ],
    [
      'a record that is none',
      /g.vcpus\[0\].start: expected a record, found nothing/,
      (_, _g, v) => {
        v.start = undefined;
      },
    ],
    [
      'words that are none',
      /wait.why: expected a string/,
      (_, _g, v) => {
        v.power = 'waiting';
        v.wait = { until: 'never', onWake: 'return', deadline: null, results: null };
      },
    ],
  ])('%s is refused by a RestoreError that names the place', (_, words, change) => {
    const saved = spoil(change);
    expect(() => machineOf().restore(saved)).toThrow(RestoreError);
    expect(() => machineOf().restore(saved)).toThrow(words);
  });

  test('anything that is no saved state at all is refused', () => {
    for (const saved of [null, 1, 'x', [], true] as Saved[]) {
      expect(() => machineOf().restore(saved)).toThrow(RestoreError);
    }
  });

  test('the format has a name and a version', () => {
    expect(machineOf().save()).toMatchObject({ format: SAVED_FORMAT, version: SAVED_VERSION });
    expect([SAVED_FORMAT, SAVED_VERSION]).toEqual(['trapline machine', 1]);
  });
});
