import { type Outcome, PC, RETURNED, type Service } from '@trapline/core';
import { firmware } from '@trapline/psci';
import {
  Bridge,
  type BridgeOptions,
  Commands,
  Event,
  Field,
  Flag,
  HEAD_BYTES,
  MonitorError,
  PSTATE_SLOT,
} from '@trapline/qemu';
import { createMachine, type Guest, type GuestSpec, type Machine } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeLink, registerOf } from './fake-link.js';

const SMC64 = 0x5e00_0000;
const HVC64 = 0x5a00_0000;
const EL1H = 0x3c5;
const VERSION = 0x8400_0000;
const CPU_ON = 0xc400_0003;
const CPU_OFF = 0x8400_0002;
const SUSPEND = 0xc400_0001;

interface Setup {
  readonly link: FakeLink;
  readonly bridge: Bridge;
  readonly machine: Machine;
  readonly guest: Guest;
  readonly faults: Error[];
}

function setup(cpus: number, spec: Partial<GuestSpec>, options: Partial<BridgeOptions> = {}): Setup {
  const link = new FakeLink(cpus);
  const windows = [{ base: 0x4000_0000, size: 0x40_0000, physical: 0x4000_0000 }];
  const bridge = new Bridge({ link, windows, clock: { now: () => 5_000n, wall: () => 7n }, ...options });
  const { memory, interrupts, clock } = bridge;
  const machine = createMachine({
    guests: [
      { name: 'guest', vcpus: bridge.cpus.map((cpu) => ({ cpu })), ports: { memory, interrupts, clock }, ...spec },
    ],
  });
  const guest = machine.guest('guest');
  bridge.connect(machine, guest);
  const faults: Error[] = [];
  bridge.onFault = (error) => faults.push(error);
  bridge.onReady = () => [
    [0, 0x4800_0000],
    [PC, 0x4020_0000],
  ];
  link.ring(0, { [Field.event]: Event.hello });
  return { link, bridge, machine, guest, faults };
}

const call = (pc: number, more: Record<number, number | bigint> = {}) => ({
  [Field.event]: Event.sync,
  [Field.esr]: SMC64,
  [0x100 + 8 * PC]: pc,
  [0x100 + 8 * PSTATE_SLOT]: EL1H,
  ...more,
});

describe('calls', () => {
  test('the first CPU begins after the reset, anew, with what the loader says', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const told = link.told[0];
    expect(told).toMatchObject({ how: 'resume', flags: Flag.restart, hcr: 0x8000_0000n });
    expect(registerOf(told as never, 0)).toBe(0x4800_0000n);
    expect(registerOf(told as never, PC)).toBe(0x4020_0000n);
    expect(registerOf(told as never, PSTATE_SLOT)).toBe(BigInt(EL1H));
  });

  test('an SMC that EL3 took returns behind it', () => {
    const { link } = setup(1, { services: { el3: [firmware({ version: '1.1' })] } });
    const told = link.ring(0, call(0x4020_0104), [VERSION]);
    expect(told).toMatchObject({ how: 'resume', flags: 0 });
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('an HVC that EL2 took returns behind it', () => {
    const { link } = setup(1, { services: { el2: [firmware({ version: '1.1' })] } });
    const event = Event.el2 | Event.sync;
    const told = link.ring(0, call(0x4020_0104, { [Field.event]: event, [Field.esr]: HVC64 }), [VERSION]);
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('an SMC that EL2 trapped is stepped over', () => {
    const service = firmware({ version: '1.1', conduit: 'smc', trapsSmc: true });
    const { link } = setup(1, { services: { el2: [service] } });
    expect((link.told[0]?.hcr ?? 0n) & 0x8_0000n).toBe(0x8_0000n);
    const told = link.ring(0, call(0x4020_0100, { [Field.event]: Event.el2 | Event.sync }), [VERSION]);
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('a call that nobody may make is undefined at the caller: vector, syndrome and return address are EL1’s', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const event = Event.el2 | Event.sync;
    const frame = { [Field.event]: event, [Field.esr]: HVC64, [Field.vbarEl1]: 0xffff_8000_0801_0000n };
    const told = link.ring(0, call(0x4020_0104, frame), [VERSION]);
    expect(told).toMatchObject({ how: 'resume', flags: Flag.exception });
    expect(registerOf(told, PC)).toBe(0xffff_8000_0801_0200n);
    expect(told.head[Field.elrEl1 / 8]).toBe(0x4020_0100n);
    expect(told.head[Field.esrEl1 / 8]).toBe(0x0200_0000n);
    expect(told.head[Field.spsrEl1 / 8]).toBe(BigInt(EL1H));
  });

  test('an AArch32 caller’s SMC is answered in its registers', () => {
    const { link } = setup(1, { services: { el3: [firmware({ version: '1.1' })] } });
    const pstate = { [Field.event]: Event.sync32, [0x100 + 8 * PSTATE_SLOT]: 0x1d3 };
    const told = link.ring(0, call(0x4020_0104, { ...pstate, [Field.esr]: 0x4e00_0000 }), [VERSION]);
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('an AArch32 SMC whose condition does not hold is stepped over, and no call', () => {
    const { link, machine } = setup(1, { services: { el2: [firmware({ trapsSmc: true })] } });
    const calls: unknown[] = [];
    machine.calls$.subscribe((one) => calls.push(one));
    // CV, condition EQ, with PSTATE.Z clear.
    const frame = {
      [Field.event]: Event.el2 | Event.sync32,
      [Field.esr]: 0x4f00_0000,
      [0x100 + 8 * PSTATE_SLOT]: 0x1d3,
    };
    const told = link.ring(0, call(0x4020_0100, frame), [VERSION]);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
    expect(registerOf(told, 0)).toBe(BigInt(VERSION));
    expect(calls).toHaveLength(0);
  });

  test('an exception that is no call ends the machine in words', () => {
    const { link, faults } = setup(1, { services: { el3: [firmware()] } });
    link.ring(0, call(0x4020_0104, { [Field.esr]: 0x9600_0045, [Field.far]: 0x1234 }));
    expect(faults[0]).toBeInstanceOf(MonitorError);
    expect(faults[0]?.message).toMatch(/CPU 0 .* EL3, vector 8: ESR 0x96000045, FAR 0x1234/);
    link.ring(0, { [Field.event]: 0x4 });
    expect(faults).toHaveLength(1);
  });

  test('a service that throws is a fault of the machine, not of the process', () => {
    const broken: Service = { ...firmware(), start: () => ({ ...firmware().start(), attach: throwing }) } as Service;
    const { link, faults } = setup(1, { services: { el3: [broken] } });
    link.ring(0, call(0x4020_0104), [VERSION]);
    expect(faults.map(String)).toEqual(['Error: broken']);
  });
});

function throwing(guest: Parameters<ReturnType<Service['start']>['attach']>[0]): never {
  const attachment = firmware().start().attach(guest);
  const entries = attachment.implementations.map((one) => ({
    ...one,
    entries: one.entries.map((entry) => ({
      ...entry,
      handler: (): Outcome => {
        throw new Error('broken');
      },
    })),
  }));
  return { ...attachment, implementations: entries } as never;
}

describe('the life of CPUs', () => {
  test('CPU_ON kicks the other CPU, which begins when it is awake', () => {
    const { link, guest } = setup(2, { services: { el3: [firmware()] } });
    const told = link.ring(0, call(0x4020_0104), [CPU_ON, 1, 0x4020_8000, 0x77]);
    expect(registerOf(told, 0)).toBe(0n);
    expect(link.kicks).toEqual([0x0f00_0002n]);
    expect(guest.vcpus[1]?.powerState).toBe('starting');
    const other = link.ring(1, { [Field.event]: Event.woken, [Field.intid]: 15 });
    expect(other).toMatchObject({ how: 'resume', flags: Flag.restart });
    expect(registerOf(other, 0)).toBe(0x77n);
    expect(registerOf(other, PC)).toBe(0x4020_8000n);
    expect(guest.vcpus[1]?.powerState).toBe('running');
  });

  test('a CPU that turned itself off sleeps until it is kicked, and begins anew', () => {
    const { link, guest } = setup(2, { services: { el3: [firmware()] } });
    link.ring(0, call(0x4020_0104), [CPU_ON, 1, 0x4020_8000, 0]);
    link.ring(1, { [Field.event]: Event.woken });
    expect(link.ring(1, call(0x4020_8104), [CPU_OFF])).toMatchObject({ how: 'sleep', flags: Flag.off });
    expect(guest.vcpus[1]?.powerState).toBe('off');
    link.ring(0, call(0x4020_0204), [CPU_ON, 1, 0x4020_9000, 5]);
    expect(link.kicks).toHaveLength(2);
    const told = link.ring(1, { [Field.event]: Event.woken });
    expect(registerOf(told, PC)).toBe(0x4020_9000n);
  });

  test('a CPU that suspends sleeps until an interrupt is pending, and returns', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const told = link.ring(0, call(0x4020_0104), [SUSPEND, 0]);
    expect(told).toMatchObject({ how: 'sleep', flags: 0 });
    const early = link.ring(0, { [Field.event]: Event.woken, [Field.intid]: 15, [Field.isr]: 0 });
    expect(early).toMatchObject({ how: 'sleep', flags: 0 });
    const woken = link.ring(0, { [Field.event]: Event.woken, [Field.intid]: 1023, [Field.isr]: 0x40 });
    expect(woken).toMatchObject({ how: 'resume', flags: 0 });
    expect(registerOf(woken, PC)).toBe(0x4020_0104n);
    expect(registerOf(woken, 0)).toBe(0n);
  });

  test('a suspend that loses context resumes at its entry point, anew', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const asleep = link.ring(0, call(0x4020_0104), [SUSPEND, 0x1_0000, 0x4030_0000, 9]);
    expect(asleep).toMatchObject({ how: 'sleep', flags: 0 });
    const woken = link.ring(0, { [Field.event]: Event.woken, [Field.isr]: 0x80 });
    expect(woken).toMatchObject({ how: 'resume', flags: Flag.restart });
    expect(registerOf(woken, PC)).toBe(0x4030_0000n);
    expect(registerOf(woken, 0)).toBe(9n);
  });

  test('a caller whose system event is undecided sleeps', () => {
    const { link, guest } = setup(1, { services: { el3: [firmware()] } });
    expect(link.ring(0, call(0x4020_0104), [0x8400_0008])).toMatchObject({ how: 'sleep', flags: Flag.off });
    guest.decide(guest.vcpu(0), RETURNED);
    // CPU 0 is the one that the outside can reach; the kick is sent when it has come.
    expect(link.attentions).toBe(1);
    const told = link.ring(0, { [Field.event]: Event.woken, [Field.intid]: 40 });
    expect(told).toMatchObject({ how: 'resume' });
  });
});

describe('work from outside', () => {
  test('waits until CPU 0 has been called, and is done in its visit', () => {
    const { link, bridge } = setup(1, { services: { el3: [firmware()] } });
    const done: string[] = [];
    bridge.post(() => done.push('one'));
    bridge.post(() => done.push('two'));
    expect(link.attentions).toBe(1);
    expect(done).toEqual([]);
    const told = link.ring(0, call(0x4020_0200, { [Field.event]: Event.attention, [Field.intid]: 40 }), [1, 2, 3]);
    expect(done).toEqual(['one', 'two']);
    expect(registerOf(told, PC)).toBe(0x4020_0200n);
    expect(registerOf(told, 2)).toBe(3n);
  });

  test('commands want a CPU in the monitor', () => {
    const { bridge } = setup(1, { services: { el3: [firmware()] } });
    expect(() => bridge.execute(new Commands())).toThrow(MonitorError);
  });

  test('interrupts are made pending in the machine’s GIC: private ones at their CPU’s redistributor', () => {
    const { link, bridge, guest } = setup(2, { services: { el3: [firmware()] } });
    bridge.interrupts.pulse(guest.vcpu(1), 31);
    bridge.interrupts.setLevel(guest.vcpu(0), 33, true);
    bridge.interrupts.setLevel(guest.vcpu(0), 33, false);
    link.ring(0, call(0x4020_0200, { [Field.event]: Event.attention32 }));
    expect(link.devices).toEqual([
      [0x080a_0000 + 0x2_0000 + 0x1_0200, 0x8000_0000n],
      [0x0800_0204, 2n],
      [0x0800_0284, 2n],
    ]);
  });

  test('after close nothing is done any more', () => {
    const { link, bridge } = setup(1, { services: { el3: [firmware()] } });
    bridge.close();
    bridge.post(() => expect.unreachable());
    expect(link.attentions).toBe(0);
    expect(link.ring(0, call(0x4020_0104), [VERSION])).toMatchObject({ flags: Flag.restart });
  });

  test('shared words are changed by a CPU in the monitor, in one step each', () => {
    const { link, bridge } = setup(1, { services: { el3: [firmware()] } });
    const words = bridge.memory.sharedWords?.(0x4000_1000 as never, 8);
    const seen: number[] = [];
    bridge.post(() => {
      if (words === undefined) return;
      words.store(1, -2);
      seen.push(
        words.or(1, 1),
        words.and(1, 0xf0),
        words.compareExchange(1, 0xf0, 7),
        words.compareExchange(1, 0, 9),
        words.load(1),
      );
      expect(() => words.load(2)).toThrow(RangeError);
    });
    link.ring(0, call(0x4020_0200, { [Field.event]: Event.attention }));
    expect(seen).toEqual([-2, -1, 0xf0, 7, 7]);
    expect(link.bytes[0x1004]).toBe(7);
    expect(bridge.memory.sharedWords?.(0x4000_1001 as never, 4)).toBeUndefined();
    expect(bridge.memory.sharedWords?.(0x4fff_0000 as never, 4)).toBeUndefined();
  });

  test('the guest’s counter and its waiting are heard from its frames', () => {
    const { link, bridge, guest } = setup(1, { services: { el3: [firmware()] } });
    link.ring(0, call(0x4020_0104, { [Field.entered]: 1000 }), [VERSION]);
    expect(bridge.clock.counter()).toBe(1000n);
    link.ring(0, call(0x4020_0204, { [Field.entered]: 9000, [Field.left]: 2000 }), [VERSION]);
    expect(bridge.clock.stolen(guest.vcpu(0))).toBe(16_000n);
    expect(bridge.timing.count).toBe(1);
    expect(bridge.timing.percentile(0.5)).toBe(16);
    expect(bridge.clock.wall()).toBe(7n);
    expect(bridge.clock.now()).toBe(5000n);
  });
});

describe('memory', () => {
  test('ends where the guest’s windows end', () => {
    const { bridge } = setup(1, { services: { el3: [firmware()] } });
    const { memory } = bridge;
    expect(memory.write(0x403f_fffe as never, Uint8Array.of(1, 2))).toBe(true);
    expect(memory.write(0x403f_ffff as never, Uint8Array.of(1, 2))).toBe(false);
    const two = new Uint8Array(2);
    expect(memory.read(0x403f_fffe as never, two)).toBe(true);
    expect([...two]).toEqual([1, 2]);
    expect(memory.read(0x3fff_ffff as never, two)).toBe(false);
    expect(memory.has(0x4000_0000 as never, 0x40_0000)).toBe(true);
  });

  test('a window may lie elsewhere in the machine', () => {
    const { link, bridge } = setup(
      1,
      { services: { el3: [firmware()] } },
      { windows: [{ base: 0, size: 0x1000, physical: 0x4010_0000 }] },
    );
    bridge.memory.write(0x10 as never, Uint8Array.of(9));
    expect(link.bytes[0x10_0010]).toBe(9);
  });

  test('pointers of the caller translate by the tables that its frame names', () => {
    const { link, bridge, guest } = setup(1, { services: { el3: [firmware()] } });
    const entry = (at: number, value: bigint): void => {
      new DataView(link.bytes.buffer).setBigUint64(at, value, true);
    };
    // 39 bits from TTBR1, 4 KiB: two tables and a page.
    entry(0x1000, 0x4000_2003n);
    entry(0x2000, 0x4000_3003n);
    entry(0x3000 + 5 * 8, 0x4000_8703n);
    const frame = {
      [Field.sctlrEl1]: 1,
      [Field.tcrEl1]: (25n << 16n) | 25n | (2n << 30n) | (2n << 32n),
      [Field.ttbr1El1]: 0x4000_1000,
    };
    link.ring(0, call(0x4020_0104, frame), [VERSION]);
    const pointer = -(2 ** 39) + 5 * 4096 + 8;
    expect(bridge.memory.translate(guest.vcpu(0), pointer as never, 'read')).toBe(0x4000_8008);
    expect(bridge.memory.translate(guest.vcpu(0), (pointer + 4096) as never, 'read')).toBe(-1);
    expect(bridge.memory.translate(guest.vcpu(0), 0.5 as never, 'read')).toBe(-1);
  });
});

test('whatever a mailbox holds, the machine goes on or ends in words', () => {
  const words = fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: HEAD_BYTES / 8, maxLength: HEAD_BYTES / 8 });
  const event = fc.oneof(fc.constantFrom(0x08, 0x0a, 0x0c, 0x0e, 0x28, 0x2c, 0x40, 0x41), fc.nat(0x7f));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1), event, words), { maxLength: 8 }), (rings) => {
      const { link, faults } = setup(2, { services: { el2: [firmware()], el3: [firmware()] } });
      for (const [cpu, what, garbage] of rings) {
        link.heads[cpu]?.set(garbage);
        link.ring(cpu, { [Field.event]: what });
      }
      expect(faults.every((fault) => fault instanceof MonitorError)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
