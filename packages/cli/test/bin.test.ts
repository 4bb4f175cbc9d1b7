import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIXTURES, fixture } from './harness.js';

const bin = new URL('../dist/bin.js', import.meta.url).pathname;

function run(args: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}

describe.skipIf(!existsSync(bin) && !process.env.CI)('the built entry (needs a build)', () => {
  it('inspects, with colours only where they are forced or a terminal takes them', () => {
    const plain = run(['inspect', fixture('qemu-virt-a15.dtb')], { FORCE_COLOR: '' });
    expect([plain.status, plain.stderr]).toEqual([0, '']);
    expect(plain.stdout).not.toContain('\u001b');
    expect(run(['inspect', fixture('qemu-virt-a15.dtb')], { FORCE_COLOR: '1', NO_COLOR: '' }).stdout).toContain(
      '\u001b[',
    );
    expect(run(['inspect', fixture('qemu-virt-a15.dtb')], { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout).toBe(
      plain.stdout,
    );
  });

  it('reads standard input', () => {
    const { stdout, status } = spawnSync(process.execPath, [bin, 'inspect', '--json', '-'], {
      input: '/dts-v1/; / { psci { compatible = "arm,psci-1.0"; method = "hvc"; }; };',
      encoding: 'utf8',
    });
    expect([status, JSON.parse(stdout)[0].interfaces[0].conduit]).toEqual([0, 'hvc']);
  });

  it('gives exit codes, and one line without a stack', () => {
    expect(run([]).status).toBe(2);
    const { status, stdout, stderr } = run(['inspect', '/nowhere.dtb']);
    expect([status, stdout, stderr]).toEqual([1, '', 'trapline: /nowhere.dtb: no such file or directory\n']);
  });

  it('ends quietly when its reader goes away', async () => {
    const child = spawn(process.execPath, [bin, 'inspect', ...Array.from({ length: 40 }, () => FIXTURES)]);
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([0, '']);
  });

  it('loads no module of another command, and no rxjs, to inspect a blob', () => {
    const script = `
      import { register } from 'node:module';
      process.argv = [process.argv[0], ${JSON.stringify(bin)}, 'inspect', ${JSON.stringify(fixture('qemu-virt-a15.dtb'))}];
      register('data:text/javascript,' + encodeURIComponent(
        'import { writeSync } from "node:fs"; export async function resolve(s, c, n) { const r = await n(s, c); if (r.url.startsWith("file:")) writeSync(2, r.url + "\\\\n"); return r; }'));
      await import(${JSON.stringify(bin)});
    `;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const loaded = [...new Set(stderr.split('\n').filter((line) => line.startsWith('file:')))];
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.length).toBeLessThan(50);
    expect(loaded.filter((url) => /rxjs|psci|smccc|decode|\/run\/|\/dts\//.test(url))).toEqual([]);
  });
});
