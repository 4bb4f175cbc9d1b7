import { PC } from '@trapline/core';
import { firmware } from '@trapline/psci';
import { Bridge, Commands, Event, Field, Flag, MonitorError } from '@trapline/qemu';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeLink, registerOf } from './fake-link.js';
import { call, setup, VERSION } from './fake-machine.js';

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

test('before the machine begins, shared words and interrupts wait for nobody', () => {
  const link = new FakeLink(1);
  const windows = [{ base: 0x4000_0000, size: 0x40_0000, physical: 0x4000_0000 }];
  const bridge = new Bridge({ link, windows, clock: { now: () => 0n, wall: () => 0n } });
  const words = bridge.memory.sharedWords?.(0x4000_1000 as never, 16);
  words?.store(0, 0x70);
  expect([words?.or(0, 1), words?.and(0, 0x11), words?.compareExchange(0, 0x11, 9), words?.load(0)]).toEqual([
    0x70, 0x71, 0x11, 9,
  ]);
  expect(words?.compareExchange(0, 5, 6)).toBe(9);
  expect(link.bytes[0x1000]).toBe(9);
  bridge.interrupts.pulse({ index: 0 } as never, 31);
  const commands = new Commands();
  commands.kick(0);
  commands.write(0x0800_0204, 4, 1);
  bridge.execute(commands);
  expect([link.attentions, link.kicks, link.devices]).toEqual([0, [], []]);
});

describe('alarms', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('fire while a CPU is in the monitor, unless they were taken back', () => {
    const { link, bridge } = setup(1, { services: { el3: [firmware()] } });
    const fired: string[] = [];
    bridge.clock.at(3_005_000n, () => fired.push('late'));
    bridge.clock.at(0n, () => fired.push('past'));
    bridge.clock.at(1_005_000n, () => fired.push('taken back'))();
    vi.advanceTimersByTime(2);
    expect([fired, link.attentions]).toEqual([[], 1]);
    link.ring(0, call(0x4020_0200, { [Field.event]: Event.attention }));
    expect(fired).toEqual(['past']);
    vi.advanceTimersByTime(2);
    link.ring(0, call(0x4020_0200, { [Field.event]: Event.attention }));
    expect(fired).toEqual(['past', 'late']);
  });

  test('are forgotten when the machine ends', () => {
    const { link, bridge } = setup(1, { services: { el3: [firmware()] } });
    bridge.clock.at(1_005_000n, () => expect.unreachable());
    bridge.close();
    vi.advanceTimersByTime(10);
    expect(link.attentions).toBe(0);
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
