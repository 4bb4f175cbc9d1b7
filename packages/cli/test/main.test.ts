import { readFileSync } from 'node:fs';
import { commands, styleFor, wantsColour } from '@trapline/cli';
import { describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

describe('the tool', () => {
  it('prints its help on standard error where nothing is asked for, and on standard output where it is', async () => {
    const nothing = await trapline([]);
    expect(nothing).toMatchObject({ code: 2, out: '' });
    expect(nothing.err).toContain('trapline inspect FILE|DIR ...');
    for (const argv of [['--help'], ['-h'], ['help']]) {
      expect(await trapline(argv)).toEqual({ code: 0, out: nothing.err, err: '' });
    }
  });

  it('names every command in its help', async () => {
    const { out } = await trapline(['--help']);
    for (const name of Object.keys(commands)) expect(out).toContain(`trapline ${name} `);
  });

  it('has its version from its package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await trapline(['--version'])).toEqual({ code: 0, out: `trapline ${version}\n`, err: '' });
  });

  it.each(Object.keys(commands))('%s has a help worth reading, whichever way it is asked for', async (name) => {
    const { code, out } = await trapline([name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: trapline ${name}`);
    expect(out).toContain('Examples:');
    expect(out).toContain('Exit codes:');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
    expect((await trapline(['help', name])).out).toBe(out);
    expect((await trapline([name, 'x', '-h'])).out).toBe(out);
  });

  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['toString'], "unknown command 'toString'"],
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['help', 'frobnicate'], "unknown command 'frobnicate'"],
    [['inspect', '--frobnicate'], "inspect: Unknown option '--frobnicate' (trapline inspect --help)"],
    [['inspect', '--json=yes'], "inspect: Option '--json' does not take an argument (trapline inspect --help)"],
  ])('%j is wrong usage, in one line', async (argv, message) => {
    const { code, out, err } = await trapline(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`trapline: ${message}`);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal: %s, with %j: %s', (isTTY, env, wanted) => {
    expect(wantsColour({ isTTY, env })).toBe(wanted);
  });

  it('are escape sequences, or nothing at all', () => {
    expect(styleFor(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(styleFor(false)('red', 'x')).toBe('x');
  });
});
