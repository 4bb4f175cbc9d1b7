import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Commands, Field, MAX_COMMANDS, monitorImage, Operation } from '@trapline/qemu';
import { describe, expect, test } from 'vitest';

const assembler = 'aarch64-linux-gnu-as';
const hasAssembler = spawnSync(assembler, ['--version']).error === undefined;
const absent = hasAssembler ? '' : ` (skipped: ${assembler} of Debian's binutils-aarch64-linux-gnu is not installed)`;
const source = fileURLToPath(new URL('../monitor/monitor.s', import.meta.url));

describe('the monitor', () => {
  test.skipIf(!hasAssembler && !process.env.CI)(`is what its source assembles to${absent}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'trapline-monitor-'));
    try {
      const object = join(directory, 'monitor.o');
      const binary = join(directory, 'monitor.bin');
      execFileSync(assembler, ['-march=armv8-a', '-o', object, source]);
      execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
      expect(Buffer.from(monitorImage(0)).equals(readFileSync(binary))).toBe(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('is told where its area is in its image, after its mark', () => {
    const image = monitorImage(0x1_5fe0_0000);
    expect(new TextDecoder().decode(image.subarray(8, 16))).toBe('TRAPMON1');
    expect(new DataView(image.buffer).getBigUint64(16, true)).toBe(0x1_5fe0_0000n);
    expect(monitorImage(0).length).toBe(image.length);
  });

  test('and the outside agree on every offset of a mailbox', () => {
    const names: Readonly<Record<string, string>> = { commandCount: 'COUNT', spsrUnd: 'SPSR_UND', spsrAbt: 'SPSR_ABT' };
    const text = readFileSync(source, 'utf8');
    for (const [name, offset] of Object.entries(Field)) {
      const symbol =
        names[name] ??
        name
          .replace(/(?<=[a-z\d])(?=El\d)/g, '_')
          .replace(/(?<=start)S/, '_S')
          .toUpperCase();
      const found = new RegExp(`\\.equ\\t${symbol}, (0x[0-9a-f]+)`).exec(text);
      expect(Number(found?.[1]), symbol).toBe(offset);
    }
  });
});

describe('commands', () => {
  test('have operation and width, address, value and result in 32 bytes', () => {
    const commands = new Commands();
    expect(commands.write(0x0800_0204, 4, 0x8000_0000)).toBe(0);
    expect(commands.exchange(0x4000_0010, 4, -1, 5)).toBe(1);
    const view = new DataView(commands.encoded.buffer);
    const quad = (n: number): bigint => view.getBigUint64(8 * n, true);
    expect([quad(0), quad(1), quad(2), quad(3)]).toEqual([
      BigInt(Operation.write | (4 << 8)),
      0x0800_0204n,
      0x8000_0000n,
      0n,
    ]);
    expect([quad(4), quad(5), quad(6), quad(7)]).toEqual([
      BigInt(Operation.exchange | (4 << 8)),
      0x4000_0010n,
      5n,
      0xffff_ffffn,
    ]);
    expect(commands.encoded).toHaveLength(64);
  });

  test('kick a CPU by its cluster of sixteen', () => {
    const commands = new Commands();
    commands.kick(0x25);
    expect(new DataView(commands.encoded.buffer).getBigUint64(16, true)).toBe(0x0f02_0020n);
  });

  test('are counted, and their results are found by number', () => {
    const commands = new Commands();
    for (let i = 0; i < MAX_COMMANDS; i++) commands.read(8 * i, 8);
    expect(() => commands.invalidate()).toThrow(RangeError);
    new DataView(commands.bytes.buffer).setBigUint64(3 * 32 + 24, 77n, true);
    expect(commands.result(3)).toBe(77n);
    expect(() => commands.result(MAX_COMMANDS)).toThrow(RangeError);
    commands.clear();
    expect(commands.count).toBe(0);
    expect(() => commands.result(0)).toThrow(RangeError);
  });
});
