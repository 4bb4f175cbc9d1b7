import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { answering, cannotBoot, guest, terminal, why } from './guests.js';
import { type Run, trapline } from './harness.js';

const THIS = fileURLToPath(import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'trapline-xen-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const where = join(directory, name);
  writeFileSync(where, bytes);
  return where;
}

const CTRL_C = '\x03';
const DISK_BYTES = 2 ** 20;
/** What `trapline.disk` copies of it, and where to. */
const COPIED = { bytes: 4 * 65_536, to: 128 * 4096 };

function disk(name: string): { readonly path: string; readonly before: Buffer; readonly after: Buffer } {
  const before = Buffer.from(Uint8Array.from({ length: DISK_BYTES }, (_, i) => (i >> 9) ^ (i * 7)));
  const after = Buffer.from(before);
  before.copy(after, COPIED.to, 0, COPIED.bytes);
  return { path: file(name, before), before, after };
}

function xen(words: string, argv: readonly string[], options: Parameters<typeof trapline>[1] = {}): Promise<Run> {
  const append = `console=hvc0 quiet rdinit=/init ${words}`;
  return trapline(['boot', '--console', 'hvc0', '--append', append, '--timeout', '240', ...argv], options);
}

describe('what a stack has not', () => {
  it.each<[string, readonly string[], number, RegExp]>([
    ['a console that nobody has', ['--console', 'tty0'], 2, /--console tty0: write ttyAMA0 or hvc0/],
    ['a disk that is not there', ['--disk', '/nonexistent', '--stack', 'xen'], 1, /\/nonexistent: no such file/],
    ['a disk without a sector', ['--disk', file('none', 'a'), '--stack', 'xen'], 1, /has no whole sector; a disk is/],
    ['more disks than letters', Array.from({ length: 27 }, () => ['--disk', 'a']).flat(), 2, /--disk: give at most 26/],
  ])('%s fails in words', async (_, argv, code, words) => {
    const run = await trapline(['boot', '--kernel', THIS, ...argv]);
    expect(run.err).toMatch(words);
    expect(run.code).toBe(code);
  });

  it.skipIf(cannotBoot).each<[string, readonly string[], RegExp]>([
    [
      'Xen’s console without Xen',
      ['--console', 'hvc0'],
      /--console hvc0: psci-smc gives its guest no console of Xen's/,
    ],
    ['a disk without Xen', ['--disk', disk('unused').path], /--disk: psci-smc has no xenstore/],
    ['a power off without a store', ['--shutdown-on', 'a', '--stack', 'kvm'], /--shutdown-on: kvm has no xenstore/],
    [
      'a disk of Xen’s without a store',
      [
        '--disk',
        disk('unstored').path,
        '--stack',
        file('bare.yaml', 'guests: [{ name: a, vcpus: 1 }]\nel2: [{ service: xen }]\n'),
      ],
      /xen: disks need a store: write store: true/,
    ],
  ])('%s fails in words', async (_, argv, words) => {
    const run = await trapline(['boot', '--kernel', THIS, ...argv]);
    expect(run.err).toMatch(words);
    expect(run.code).toBe(1);
  });
});

describe.skipIf(cannotBoot)(`Debian's Linux as a domain of Xen's${why}`, () => {
  it('has its console, store, grants, events, balloon and disks; is typed at, and powers off when asked to', async () => {
    const [xvda, xvdb] = [disk('xvda'), disk('xvdb')];
    const live = terminal();
    const shown = answering(live, [['GUEST: types', 'all is well\r']]);
    const disks = ['--disk', xvda.path, '--disk', `${xvdb.path},ro`];
    const argv = ['--kernel', guest('Image'), '--initrd', guest('initrd'), '--stack', 'xen', '--cpus', '4', ...disks];
    const words = ['calls', 'xen', 'disk', 'type', 'hotplug', 'wait'].map((word) => `trapline.${word}`).join(' ');
    const { code } = await xen(words, [...argv, '--shutdown-on', 'GUEST: waits'], { live, out: shown.out });
    const { seen } = shown;
    for (const line of [
      'Xen 4.17 support found',
      'xen:grant_table: Grant tables using version 1 layout',
      'xen:events: Using FIFO-based ABI',
      'xen:balloon: Initialising balloon driver',
      'smp: Brought up 1 node, 4 CPUs',
      'balloon: 32768 KiB given back',
      'balloon: 0 KiB missing',
      'typed: all is well',
      'cpu3 on: 0-3',
      'asked to power off',
    ]) {
      expect(seen).toContain(`GUEST: ${line}`);
    }
    expect(seen).toMatch(/GUEST: xvda: 2048 sectors, [0-9a-f]{32}\r?\n/);
    expect(seen).toMatch(/the guest powered off after/);
    expect(code).toBe(0);
    expect(readFileSync(xvda.path).equals(xvda.after)).toBe(true);
    expect(readFileSync(xvdb.path).equals(xvdb.before)).toBe(true);
  });

  it('a 32-bit one does so too, in a stack of a file, and at Ctrl-C', async () => {
    const xvda = disk('xvda32');
    const stack = file(
      'xen.yaml',
      'guests: [{ name: narrow, vcpus: 2 }]\nel2: [{ service: xen, store: true, console: true }]\n',
    );
    const live = terminal();
    const shown = answering(live, [['GUEST: waits', CTRL_C]]);
    const argv = ['--kernel', guest('zImage'), '--initrd', guest('initrd32'), '--stack', stack, '--disk', xvda.path];
    const words = 'trapline.calls trapline.disk trapline.hotplug trapline.wait';
    const { code } = await xen(words, argv, { live, out: shown.out });
    for (const line of ['Xen 4.17 support found', 'cpu1 on: 0-1', 'asked to power off']) {
      expect(shown.seen).toContain(`GUEST: ${line}`);
    }
    expect(shown.seen).toMatch(/armv7l, 0-1 online/);
    expect(live.shown.join('')).toContain('the guest was asked to power off');
    expect(code).toBe(0);
    expect(readFileSync(xvda.path).equals(xvda.after)).toBe(true);
  });

  it('that panics ends the machine with its kernel’s own words', async () => {
    const argv = ['--kernel', guest('Image'), '--initrd', guest('initrd'), '--stack', 'xen'];
    const { code, err } = await xen('trapline.panic', argv);
    expect(err).toContain('boot: Kernel panic - not syncing: sysrq triggered crash');
    expect(code).toBe(1);
  });

  it('that does not listen is ended by Ctrl-C at once', async () => {
    const live = terminal();
    const shown = answering(live, [['Xen 4.17 support found', CTRL_C]]);
    const argv = ['--kernel', guest('Image'), '--initrd', guest('initrd'), '--stack', 'xen'];
    const { code, err } = await xen('earlycon=xenboot ignore_loglevel', argv, { live, out: shown.out });
    expect(err).toContain('the machine was stopped');
    expect(code).toBe(1);
  });
});
