import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
const hasAll = existsSync(bin) && spawnSync('qemu-system-aarch64', ['--version']).error === undefined;

const directory = mkdtempSync(join(tmpdir(), 'signals-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A guest that writes to its serial port for ever: movz x1, #0x900, lsl #16; movz w0, #'x'; str w0, [x1]; b back. */
const writer = join(directory, 'writer');
writeFileSync(writer, Uint32Array.of(0xd2a1_2001, 0x5280_0f00, 0xb900_0020, 0x17ff_ffff));

/** The command line with that guest, which has written something, and its QEMU. */
async function running(): Promise<{ readonly child: ChildProcess; readonly qemu: number }> {
  const child = spawn(process.execPath, [bin, 'boot', '--image', writer], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdout?.resume();
  return { child, qemu: Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1')) };
}

const ended = (child: ChildProcess): Promise<[number | null, string | null]> =>
  new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));

/** Waits until a process is gone; who took it over reaps it. */
async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}/stat`) && !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.skipIf(!hasAll && !process.env.CI)('trapline boot, ended from outside (needs a build, and QEMU)', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s ends QEMU, and says so', async (signal) => {
    const { child, qemu } = await running();
    const end = ended(child);
    child.kill(signal);
    expect(await end).toEqual([1, null]);
    expect(existsSync(`/proc/${qemu}`)).toBe(false);
  });

  it('by SIGKILL ends QEMU all the same, and nothing of it has a name in any directory', async () => {
    const { child, qemu } = await running();
    const files = readdirSync(`/proc/${qemu}/fd`).map((name) => readlinkSync(`/proc/${qemu}/fd/${name}`));
    expect(files.some((file) => /trapline-.* \(deleted\)$/.test(file))).toBe(true);
    expect(files.filter((file) => file.includes('trapline') && !file.endsWith(' (deleted)'))).toEqual([]);
    const end = ended(child);
    child.kill('SIGKILL');
    expect(await end).toEqual([null, 'SIGKILL']);
    await gone(qemu);
  });

  it('ends QEMU when the reader of its output goes away', async () => {
    const { child, qemu } = await running();
    const end = ended(child);
    child.stdout?.destroy();
    expect(await end).toEqual([0, null]);
    await gone(qemu);
  });
});
