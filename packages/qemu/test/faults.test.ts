import { readdirSync, readlinkSync } from 'node:fs';
import { firmware } from '@trapline/psci';
import { ATTENTION_TIMEOUT_MS, createQemu, QemuError } from '@trapline/qemu';
import { createStack } from '@trapline/stack';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { boot, cannotBoot, linux, stun, why } from './boots.js';

const path = process.env.PATH;

afterEach(() => {
  process.env.PATH = path;
  vi.useRealTimers();
});

test('without QEMU the error names Debian’s package', () => {
  process.env.PATH = '/nonexistent';
  expect(() => createQemu()).toThrow(QemuError);
  expect(() => createQemu()).toThrow('qemu-system-aarch64 is not installed: apt-get install qemu-system-arm');
});

/** Points of a boot with two CPUs that go off and come back: how many calls were answered, or a multiple of 100 bytes on the console. */
const points = fc.sample(
  fc.record({ what: fc.constantFrom('calls' as const, 'bytes' as const), count: fc.integer({ min: 0, max: 30 }) }),
  { numRuns: 10, seed: 6 },
);

/** Boots a guest whose QEMU gets a signal when a CPU carries out the commands that start another. */
function stunnedInCommands(signal: 'SIGKILL' | 'SIGSTOP'): ReturnType<typeof boot> {
  return boot({
    cpus: 2,
    services: { el2: [firmware()] },
    bootargs: '',
    building: (machine, stack) =>
      stack.power$.subscribe(({ to }) => {
        if (to === 'starting') stun(machine, signal);
      }),
  });
}

describe.skipIf(cannotBoot)(`faults${why}`, () => {
  test('a machine that is stopped ends, and leaves neither process nor file', async () => {
    let pid = 0;
    let files: string[] = [];
    const { end } = await boot({
      services: { el3: [firmware()] },
      bootargs: 'trapline.wait',
      started: (machine) => {
        pid = machine.pid ?? 0;
        files = readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
        setTimeout(() => void machine.stop(), 300);
      },
    });
    expect(end.reason).toBe('stopped');
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    const named = files.filter((file) => file.includes('trapline'));
    expect(named.length).toBeGreaterThan(0);
    expect(named.every((file) => file.endsWith(' (deleted)'))).toBe(true);
  });

  test.each([0, 20, 400])('QEMU killed %d ms after its start is an end in words', async (delay) => {
    const { end } = await boot({
      services: { el3: [firmware()] },
      bootargs: 'trapline.wait',
      started: ({ pid = 0 }) => void setTimeout(() => process.kill(pid, 'SIGKILL'), delay),
    });
    expect(end).toEqual({ reason: 'died', words: 'QEMU ended by SIGKILL' });
  });

  test.each(points)('QEMU killed after $count of $what is an end in words', async ({ what, count }) => {
    const { end, machine } = await boot({
      cpus: 2,
      services: { el2: [firmware()] },
      bootargs: 'trapline.hotplug trapline.wait',
      building: (machine, stack) => {
        let calls = 0;
        let bytes = 0;
        const look = (): void => {
          if ((what === 'calls' ? calls : bytes / 100) >= count && calls > 0) process.kill(machine.pid ?? 0, 'SIGKILL');
        };
        stack.calls$.subscribe(() => {
          calls++;
          look();
        });
        machine.console.output$.subscribe((text) => {
          bytes += text.length;
          look();
        });
      },
    });
    expect(end).toEqual({ reason: 'died', words: 'QEMU ended by SIGKILL' });
    expect(() => process.kill(machine.pid ?? 0, 0)).toThrow(/ESRCH/);
  });

  test('QEMU that dies while a CPU carries out commands is noticed at once', async () => {
    const { end } = await stunnedInCommands('SIGKILL');
    expect(end).toEqual({ reason: 'died', words: 'QEMU ended by SIGKILL' });
  });

  test('QEMU that stands still while a CPU carries out commands is a fault in words', async () => {
    const { end } = await stunnedInCommands('SIGSTOP');
    expect(end).toEqual({
      reason: 'fault',
      words: 'CPU 0 has not carried out its commands within 10000 ms',
    });
  });

  test('QEMU that stands still while CPU 0 is called is a fault in words', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { end } = await boot({
      services: { el2: [firmware()] },
      bootargs: 'trapline.wait',
      started: (machine) => {
        stun(machine, 'SIGSTOP');
        machine.bridge.post(() => {});
        vi.advanceTimersByTime(ATTENTION_TIMEOUT_MS);
      },
    });
    expect(end).toEqual({
      reason: 'fault',
      words: 'CPU 0 was called and has not come into the monitor within 10000 ms',
    });
  });

  test('a machine that stands still can be stopped all the same', async () => {
    const { end } = await boot({
      services: { el3: [firmware()] },
      bootargs: 'trapline.wait',
      started: (machine) => {
        stun(machine, 'SIGSTOP');
        void machine.stop();
      },
    });
    expect(end.reason).toBe('stopped');
  });

  test('a CPU that QEMU does not know is told in QEMU’s own words', async () => {
    const machine = createQemu({ cpu: 'cortex-a0' });
    const stack = createStack({ guests: [{ name: 'guest', ...machine.guest('written') }], el3: [firmware()] });
    const started = machine.start(stack.machine, stack.guests.guest, { payload: linux() });
    await expect(started).rejects.toThrow(/QEMU ended with code 1: .*cortex-a0/);
    await expect(machine.ended).resolves.toMatchObject({ reason: 'died' });
  });

  test('a payload that does not fit is refused before QEMU starts', async () => {
    const machine = createQemu({ ramBytes: 64 * 2 ** 20 });
    const stack = createStack({ guests: [{ name: 'guest', ...machine.guest('written') }], el3: [firmware()] });
    const payload = { images: [{ name: 'a', bytes: new Uint8Array(4), at: 0 }] };
    await expect(machine.start(stack.machine, stack.guests.guest, { payload })).rejects.toThrow(
      /does not lie in memory/,
    );
    expect(machine.pid).toBeUndefined();
    await expect(machine.ended).resolves.toMatchObject({ reason: 'fault' });
  });
});
