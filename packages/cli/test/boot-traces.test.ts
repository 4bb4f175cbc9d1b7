import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { cannotBoot, guest, why } from './guests.js';
import { trapline } from './harness.js';

const directory = mkdtempSync(join(tmpdir(), 'trapline-traces-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const where = (name: string): string => fileURLToPath(new URL(`data/boot-${name}.json`, import.meta.url));
const textOf = (name: string): string => readFileSync(where(name), 'utf8');

/** What a replay of a text says. */
async function replayOf(name: string, text: string): Promise<string> {
  const file = join(directory, `${name}.json`);
  writeFileSync(file, text);
  const { out, err } = await trapline(['replay', file]);
  return `${out}${err}`.replaceAll(`${directory}/`, '');
}

/** A text with its first passage of a kind changed: there has to be one. */
function changed(text: string, from: RegExp, to: string): string {
  expect(text).toMatch(from);
  return text.replace(from, to);
}

/**
 * Linux by SMC and by HVC, at EL2, on KVM, for 32-bit CPUs, up to its reset; with idle states (the beginning); on Xen
 * with a disk, somebody who types, and a power off (hypercalls without the registers that have no part in them).
 */
const BOOTS = ['psci-smc', 'psci-hvc', 'el2', 'kvm', 'xen', 'a32', 'idle', 'reset'];

describe('traces of boots', () => {
  it.each(BOOTS)('of %s replay with equal answers', async (name) => {
    const { code, out } = await trapline(['replay', where(name)]);
    expect(out).toMatch(/: (\d+) calls: \1 equal, 0 different, 0 skipped\n$/);
    expect(code).toBe(0);
  });

  it.each(BOOTS)('of %s are told from others: a changed answer', async (name) => {
    const text = changed(textOf(name), /"out":\{"x0":"0x1000/, '"out":{"x0":"0x3000');
    expect(await replayOf(name, text)).toMatch(/ 1 different/);
  });

  it.each(BOOTS)('of %s are told from others: another entry point', async (name) => {
    const text = changed(textOf(name), /"pc":"0x(\w+)"/, '"pc":"0x1$1"');
    expect(await replayOf(name, text)).toMatch(/ [1-9]\d* different/);
  });

  it('hold stolen time: its memory, and the time that was stolen', async () => {
    const text = textOf('kvm');
    const memory = /("stolen":\{"0":"0x[1-9a-f]\w*".*?"memOut":\[\{"addr":"0x5fc00008","hex":")\w\w/;
    expect(await replayOf('memory', changed(text, memory, '$1ff'))).toMatch(/mem:0x5fc00008: expected ff/);
    expect(await replayOf('time', changed(text, /"stolen":\{"0":"0x[1-9a-f]/, '"stolen":{"0":"0xfff'))).toMatch(
      /mem:0x5fc0000\w: expected \w+, got/,
    );
  });

  it('hold random numbers: they are drawn again', async () => {
    const text = changed(textOf('kvm'), /"random":\["../, '"random":["zz'.replace('zz', 'ee'));
    expect(await replayOf('random', text)).toMatch(/ x\d: expected /);
  });

  it('of a stack file bring its text', async () => {
    const text = textOf('idle');
    expect(await replayOf('file', changed(text, /service: psci\b/, 'service: psci, version: \\"1.0\\"'))).toMatch(
      / [1-9]\d* different/,
    );
    expect(await replayOf('odd', changed(text, /service: psci\b/, 'service: pski'))).toMatch(/no service 'pski'/);
  });

  it('of a stack that is not here are skipped, and say so', async () => {
    const text = changed(textOf('kvm'), /"profile":"kvm"/, '"profile":"other"');
    expect(await replayOf('other', text)).toContain("no stack 'other' here; there are psci-smc, psci-hvc, kvm");
  });

  it('that end early are refused in words', async () => {
    const text = textOf('kvm');
    expect(await replayOf('early', text.slice(0, 20_000))).toMatch(
      /^trapline: early.json: is not whole, as if its writer was stopped: /,
    );
    expect(await replayOf('none', '')).toMatch(/^trapline: none.json: is not JSON: /);
  });
});

describe.skipIf(cannotBoot)(`trapline boot --trace${why}`, () => {
  const linux = ['--kernel', guest('Image'), '--initrd', guest('initrd'), '--timeout', '90'];

  it('writes a boot on Xen that replays without QEMU: disk, store, balloon, the host’s power off', async () => {
    const disk = join(directory, 'disk.img');
    writeFileSync(disk, new Uint8Array(2 ** 20).fill(0x54, 100, 5000));
    const trace = join(directory, 'xen.json');
    const words = 'console=hvc0 quiet rdinit=/init trapline.disk trapline.xen trapline.hotplug trapline.wait';
    const argv = ['--stack', 'xen', '--cpus', '2', '--disk', `${disk},ro`, '--shutdown-on', 'GUEST: waits'];
    const { code, out } = await trapline(['boot', ...linux, '--append', words, ...argv, '--trace', trace]);
    expect(out).toContain('the guest powered off');
    expect(code).toBe(0);
    expect((await trapline(['replay', trace])).out).toMatch(/: (\d+) calls: \1 equal, 0 different, 0 skipped\n$/);
  });

  it('says that a file cannot be written any more, and boots all the same', async () => {
    const words = 'console=ttyAMA0 quiet rdinit=/init';
    const { code, err } = await trapline(['boot', ...linux, '--append', words, '--trace', '/dev/full']);
    expect(err).toMatch(/trapline: boot: \/dev\/full: .*; the trace ends early\n$/);
    expect(code).toBe(0);
  });
});

it('a trace that cannot be written is told before anything is booted', async () => {
  const { code, err } = await trapline([
    'boot',
    '--kernel',
    fileURLToPath(import.meta.url),
    '--trace',
    '/nonexistent/a',
  ]);
  expect(err).toMatch(/^trapline: .*\/nonexistent\/a: /);
  expect(code).toBe(1);
});
