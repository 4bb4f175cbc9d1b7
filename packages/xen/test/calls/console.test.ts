import { RestoreError } from '@trapline/core';
import { type ConsoleOutput, ERRNO } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { get, hyper, make, NOWHERE, OPERAND, put, RAM, RAM_BYTES, type World, worldOf } from '../machine.js';

const WRITE = 0;
const READ = 1;

function heard(world: World): ConsoleOutput[] {
  const output: ConsoleOutput[] = [];
  world.host.console$.subscribe((line) => output.push(line));
  return output;
}

function say(world: World, name: string, text: string): number {
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  put(world.guest(name), bytes);
  return hyper(world.guest(name), 'consoleIo', [WRITE, bytes.length, OPERAND]);
}

describe('writing to the console', () => {
  test("an ordinary domain's lines come whole, marked, without what is not printable", () => {
    const world = worldOf();
    const output = heard(world);
    expect(say(world, 'one', 'hel')).toBe(0);
    expect(output).toEqual([]);
    expect(say(world, 'one', 'lo\x07\x00\n\ttab\nrest')).toBe(0);
    expect(output.map(({ text }) => text)).toEqual(['(d1) hello\n', '(d1) \ttab\n']);
  });

  test('a line that would be too long is ended', () => {
    const world = worldOf();
    const output = heard(world);
    say(world, 'one', 'a'.repeat(190));
    say(world, 'one', 'b'.repeat(20));
    expect(output.map(({ text }) => text)).toEqual([`(d1) ${'a'.repeat(190)}${'b'.repeat(20)}\n`]);
  });

  test("the control domain's bytes come as they are", () => {
    const world = worldOf({ domains: { dom0: { privileged: true } } });
    const output = heard(world);
    say(world, 'dom0', 'ok> \x07');
    expect(output).toEqual([{ domain: 0, text: 'ok> \x07' }]);
  });

  test('a long text is preempted with count and buffer rewritten, and comes out once', () => {
    const world = worldOf();
    const output = heard(world);
    const guest = world.guest('one');
    const text = `${'x'.repeat(99)}\n`.repeat(200);
    put(
      guest,
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
      RAM + 0x1_0000,
    );
    expect(hyper(guest, 'consoleIo', [WRITE, text.length, RAM + 0x1_0000])).toBe(0);
    const [, count, buffer] = guest.vcpus[0]?.x ?? [];
    expect(Number(count)).toBeLessThan(text.length);
    expect(Number(buffer) + Number(count)).toBe(RAM + 0x1_0000 + text.length);
    expect(output.map(({ text: line }) => line)).toEqual(Array(200).fill(`(d1) ${'x'.repeat(99)}\n`));
  });

  test('a count beyond memory writes up to its end and is EFAULT', () => {
    const guest = worldOf().guest('one');
    expect(hyper(guest, 'consoleIo', [WRITE, 0x8000_0000, RAM + RAM_BYTES - 254])).toBe(-ERRNO.EFAULT);
    expect(guest.vcpus[0]?.x[1]).toBe(0x8000_0000n);
    expect(hyper(guest, 'consoleIo', [WRITE, 1, NOWHERE])).toBe(-ERRNO.EFAULT);
    expect(hyper(guest, 'consoleIo', [WRITE, 0, NOWHERE])).toBe(0);
  });

  test('a domain without a console may not, an unknown command is none', () => {
    const guest = worldOf({ domains: { one: { console: false } } }).guest('one');
    expect(hyper(guest, 'consoleIo', [WRITE, 0, 0])).toBe(-ERRNO.EPERM);
    expect(hyper(worldOf().guest('one'), 'consoleIo', [2, 0, 0])).toBe(-ERRNO.ENOSYS);
  });
});

describe('reading from the console', () => {
  test('gives what was typed, once, and keeps what could not be written', () => {
    const world = worldOf();
    const guest = world.guest('one');
    expect(hyper(guest, 'consoleIo', [READ, 8, OPERAND])).toBe(0);
    world.host.type('abc');
    expect(hyper(guest, 'consoleIo', [READ, 8, NOWHERE])).toBe(-ERRNO.EFAULT);
    expect(hyper(guest, 'consoleIo', [READ, 2, OPERAND])).toBe(2);
    expect(String.fromCharCode(...get(guest, 2))).toBe('ab');
    expect(hyper(guest, 'consoleIo', [READ, 8, OPERAND])).toBe(1);
    expect(hyper(guest, 'consoleIo', [READ, 0x8000_0000, OPERAND])).toBe(-ERRNO.E2BIG);
  });

  test('more than the ring holds is lost', () => {
    const world = worldOf();
    world.host.type('x'.repeat(200));
    expect(hyper(world.guest('one'), 'consoleIo', [READ, 200, OPERAND])).toBe(128);
  });
});

test('an unfinished line that no console keeps is refused', () => {
  const world = worldOf();
  say(world, 'one', 'half');
  const saved = JSON.stringify(world.machine.save());
  const longer = JSON.parse(saved.replace('"half"', `"${'x'.repeat(199)}"`));
  expect(() => worldOf().machine.restore(longer)).toThrow(RestoreError);
  const longest = JSON.parse(saved.replace('"half"', `"${'x'.repeat(198)}"`));
  const other = worldOf();
  other.machine.restore(longest);
  const output = heard(other);
  say(other, 'one', 'y');
  expect(output.map(({ text }) => text)).toEqual([`(d1) ${'x'.repeat(198)}y\n`]);
});

test('what the console holds survives saving', () => {
  const world = worldOf();
  say(world, 'one', 'half');
  world.host.type('k');
  const saved = world.machine.save();
  const other = worldOf();
  const output = heard(other);
  other.machine.restore(saved);
  say(other, 'one', ' a line\n');
  expect(output.map(({ text }) => text)).toEqual(['(d1) half a line\n']);
  expect(make(other.guest('one'), 'consoleIo', [READ, 8, OPERAND]).kind).toBe('returned');
  expect(other.guest('one').vcpus[0]?.x[0]).toBe(1n);
});
