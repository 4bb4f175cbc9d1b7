import { existsSync } from 'node:fs';
import { firmware } from '@trapline/psci';
import { createQemu, QemuError } from '@trapline/qemu';
import { createStack } from '@trapline/stack';
import { afterEach, describe, expect, test } from 'vitest';
import { boot, cannotBoot, linux, why } from './boots.js';

const path = process.env.PATH;

afterEach(() => {
  process.env.PATH = path;
});

test('without QEMU the error names Debian’s package', () => {
  process.env.PATH = '/nonexistent';
  expect(() => createQemu()).toThrow(QemuError);
  expect(() => createQemu()).toThrow('qemu-system-aarch64 is not installed: apt-get install qemu-system-arm');
});

describe.skipIf(cannotBoot)(`faults${why}`, () => {
  test('a machine that is stopped ends, and leaves neither process nor file', async () => {
    let pid = 0;
    let file = '';
    const { end } = await boot({
      services: { el3: [firmware()] },
      bootargs: 'trapline.wait',
      started: (machine) => {
        pid = machine.pid ?? 0;
        file = machine.directory;
        setTimeout(() => void machine.stop(), 300);
      },
    });
    expect(end.reason).toBe('stopped');
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    expect(existsSync(file)).toBe(false);
  });

  test.each([0, 20, 400])('QEMU killed %d ms after its start is an end in words', async (delay) => {
    const { end } = await boot({
      services: { el3: [firmware()] },
      bootargs: 'trapline.wait',
      started: ({ pid = 0 }) => void setTimeout(() => process.kill(pid, 'SIGKILL'), delay),
    });
    expect(end).toEqual({ reason: 'died', words: 'QEMU ended by SIGKILL' });
  });

  test('a machine that stands still can be stopped all the same', async () => {
    const { end } = await boot({
      services: { el3: [firmware()] },
      bootargs: 'trapline.wait',
      started: (machine) => {
        process.kill(machine.pid ?? 0, 'SIGSTOP');
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
    expect(existsSync(machine.directory)).toBe(false);
  });
});
