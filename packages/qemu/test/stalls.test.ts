import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { firmware } from '@trapline/psci';
import { createQemu, MAX_TYPED_BYTES, type Payload, START_TIMEOUT_MS } from '@trapline/qemu';
import { createStack } from '@trapline/stack';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { boot, cannotBoot, stun, why } from './boots.js';

const path = process.env.PATH;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stalls-'));
});

afterEach(() => {
  process.env.PATH = path;
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

/** A guest of these instructions. */
const guestOf = (...words: number[]): Payload => ({
  images: [{ name: 'guest', bytes: new Uint8Array(Uint32Array.from(words).buffer), at: 0x4020_0000 }],
});
/** movz w0, #9; movk w0, #0x8400, lsl #16; smc #0: SYSTEM_RESET. */
const RESETS = guestOf(0x5280_0120, 0x72b0_8000, 0xd400_0003);
/** b . */
const STANDS = guestOf(0x1400_0000);

/** Starts a machine with a program of ours as QEMU. */
function startedWith(script: string) {
  const program = join(directory, 'qemu-system-aarch64');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  process.env.PATH = `${directory}${delimiter}${path}`;
  const machine = createQemu();
  const stack = createStack({ guests: [{ name: 'guest', ...machine.guest('written') }], el3: [firmware()] });
  return { machine, started: machine.start(stack.machine, stack.guests.guest, { payload: STANDS }) };
}

describe('a QEMU that is none', () => {
  test('shows no sign of life: that is said in time, and it is ended', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { machine, started } = startedWith('exec sleep 600');
    vi.advanceTimersByTime(START_TIMEOUT_MS - 1);
    expect(machine.pid).toBeGreaterThan(0);
    vi.advanceTimersByTime(1);
    await expect(started).rejects.toThrow('QEMU has shown no sign of life within 30000 ms');
    await expect(machine.ended).resolves.toEqual({
      reason: 'fault',
      words: 'QEMU has shown no sign of life within 30000 ms',
    });
    expect(() => process.kill(machine.pid ?? 0, 0)).toThrow(/ESRCH/);
  });

  test('ends at once, or with more words than anybody reads', async () => {
    const silent = startedWith('exit 0');
    await expect(silent.started).rejects.toThrow('QEMU ended with code 0');
    const loud = startedWith('i=0; while [ $i -lt 5000 ]; do echo "line $i" >&2; i=$((i + 1)); done; exit 3');
    await expect(loud.started).rejects.toThrow(/QEMU ended with code 3: (?:.|\n)*line 4999$/);
    expect((await loud.machine.ended).words.length).toBeLessThan(5000);
  });

  test('rings for all CPUs and none, without a frame: it ends in words', async () => {
    const { machine, started } = startedWith('head -c 100000 /dev/urandom | tr "\\000" "\\377" >&4; exit 1');
    await expect(started).rejects.toThrow(/QEMU ended with code 1|CPU 0 /);
    await expect(machine.ended).resolves.toMatchObject({ reason: expect.stringMatching(/died|fault/) });
  });
});

describe.skipIf(cannotBoot)(`stalls${why}`, () => {
  test('QEMU that stands still in a reset is a fault in words', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { end } = await boot({
      services: { el3: [firmware()] },
      payload: RESETS,
      building: (machine, stack) => {
        stack.calls$.subscribe(() => {
          stun(machine, 'SIGSTOP');
          setTimeout(() => vi.advanceTimersByTime(START_TIMEOUT_MS), 10);
        });
      },
    });
    expect(end).toEqual({
      reason: 'fault',
      words: 'the guest asked for a reset: QEMU has shown no sign of life within 30000 ms',
    });
  });

  test('a guest that does not read is typed to until enough waits, and no further', async () => {
    const chunk = 'x'.repeat(4096);
    let typed = 0;
    const { end } = await boot({
      services: { el3: [firmware()] },
      payload: STANDS,
      started: (machine) => {
        while (typed < 100 * MAX_TYPED_BYTES && machine.console.type(chunk)) typed += chunk.length;
        void machine.stop();
      },
    });
    expect(end.reason).toBe('stopped');
    expect(typed).toBeGreaterThan(MAX_TYPED_BYTES);
    expect(typed).toBeLessThan(100 * MAX_TYPED_BYTES);
  });
});
