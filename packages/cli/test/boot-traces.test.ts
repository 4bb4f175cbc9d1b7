import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
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

/** Linux, unless said: by SMC and by HVC, at EL2, on KVM and Xen, for 32-bit CPUs; with idle states; up to its reset. */
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
