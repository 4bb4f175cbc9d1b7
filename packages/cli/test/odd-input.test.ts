import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '@trapline/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'trapline-odd-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('the help of the tool', () => {
  it('has every summary in one column, after the longest usage', async () => {
    const { out } = await trapline(['--help']);
    const summaries = [...Object.values(commands).map(({ summary }) => summary), 'more about one of them'];
    const columns = summaries.map((summary) =>
      out
        .split('\n')
        .find((line) => line.includes(`  ${summary}`))
        ?.indexOf(summary),
    );
    expect(new Set(columns).size).toBe(1);
  });
});

describe('input that is no tree', () => {
  it.skipIf(process.platform === 'win32')('a file that never ends is given up', async () => {
    const { code, err } = await trapline(['inspect', '/dev/zero']);
    expect([code, err]).toEqual([1, 'trapline: /dev/zero: there are more than 268435456 bytes\n']);
  });

  it('a file that is too large is not read at all', async () => {
    const path = file('large.dtb', '');
    truncateSync(path, 2 ** 40);
    const { code, err } = await trapline(['inspect', path]);
    expect([code, err]).toEqual([1, `trapline: ${path}: there are more than 268435456 bytes\n`]);
  });

  it('is named, also where the message begins with the same letters', async () => {
    file('blob', 'not a tree');
    const before = process.cwd();
    process.chdir(directory);
    try {
      expect((await trapline(['inspect', 'blob'])).err).toMatch(/^trapline: blob: blob offset 0x0: /);
    } finally {
      process.chdir(before);
    }
    expect((await trapline(['inspect', ''])).err).toBe("trapline: '': no such file or directory\n");
  });

  it('an empty one is said to be empty', async () => {
    const path = file('empty.dtb', '');
    const message = `trapline: ${path}: blob offset 0x0: there are no bytes; give a .dtb or .dtbo file\n`;
    expect((await trapline(['inspect', path])).err).toBe(message);
    expect((await trapline(['inspect', '-'])).err).toBe(message.replace(path, '-'));
  });

  it.each([['inspect'], ['run'], ['inspect --fix']])('%s names the place in a source once', async (words) => {
    const path = file('wrong.dts', '/dts-v1/;\n/ { a = }; };');
    const { code, err } = await trapline([...words.split(' '), path]);
    expect(code).toBe(1);
    expect(err.split(path)).toHaveLength(2);
    expect(err).toMatch(/wrong\.dts:2:\d+: /);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('an unpacked tree counts its properties before it reads them', async () => {
    const root = join(directory, 'unpacked');
    mkdirSync(root);
    writeFileSync(join(root, 'compatible'), 'board\0');
    writeFileSync(join(root, 'huge'), '');
    truncateSync(join(root, 'huge'), 2 ** 40);
    expect((await trapline(['inspect', root])).err).toMatch(/: there are more than 268435456 bytes\n$/);
  });
});

describe('numbers', () => {
  it.each(['0x_1', '0x1_', '_1', '1__0', '0x', ''])('%j is none: _ stands between digits', async (text) => {
    const { code, err } = await trapline(['decode', '--', text]);
    expect(code).toBe(2);
    expect(err).toContain(`'${text}' is no number`);
  });
});

describe('stack files', () => {
  const GUEST = 'guests:\n  - name: a\n    vcpus: 2\n    memory: [{ base: 0x40000000, size: 64 MiB }]\n';

  it.each<[string, string, string]>([
    ['an alias without anchor', 'guests:\n  - *a\n', ':2:5: *a has no &a before it'],
    ['an alias before its anchor', 'guests: [*a, &a 1]\n', ':1:10: *a has no &a before it'],
    ['two documents', `${GUEST}---\n${GUEST}`, ':5:1: write one document; a second begins here'],
    ['no UUID', `${GUEST}el2:\n  - service: trng\n    uuid: zz\n`, ':7:11: el2[0].uuid: write a UUID: 8-4-4-4-12'],
  ])('%s is an error with its place', async (name, text, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.yaml`, text);
    const { code, err } = await trapline(['run', path]);
    expect(code).toBe(1);
    expect(err).toContain(`${path}${message}`);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('a CPU that KVM keeps off is not stuck', async () => {
    const { code, out } = await trapline(['run', file('kvm.yaml', `${GUEST}el2:\n  - service: kvm\n`)]);
    expect(out).toMatch(/ 1 {2}hvc {2}psci\.cpuOff\(\) → /);
    expect(out.trimEnd()).toMatch(/, ended by shutdown$/);
    expect(code).toBe(0);
  });
});
