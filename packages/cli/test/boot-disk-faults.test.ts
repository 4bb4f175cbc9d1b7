import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cannotBoot, guest, terminal, why } from './guests.js';
import { trapline } from './harness.js';

const directory = mkdtempSync(join(tmpdir(), 'trapline-disk-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SECTOR = 512;
const DISK_BYTES = 2 ** 20;
/** What the guest writes: half of the disk, a page after the other. */
const WRITTEN = { bytes: 128 * 4096, sectors: 128 * 8 };
const WRITES =
  'for i in $(seq 0 127); do dd if=/dev/zero of=/dev/xvda bs=4k seek=$i count=1 conv=fsync 2>/dev/null; done\r';

/** The QEMUs that this process has started. */
function children(): readonly number[] {
  const tasks = readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'latin1'),
  );
  const pids = tasks.flatMap((text) => text.split(' ').filter((word) => word !== ''));
  return pids.map(Number).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('qemu-system'));
}

describe.skipIf(cannotBoot)(`a disk whose machine is killed${why}`, () => {
  it.each([0, 501])('when its sector %d is written has in each what was there, or what was written', async (last) => {
    const before = Buffer.from(Uint8Array.from({ length: DISK_BYTES }, (_, i) => 1 + (((i >> 9) ^ (i * 7)) & 0x7f)));
    const path = join(directory, `disk-${last}.img`);
    writeFileSync(path, before);
    const live = terminal();
    let seen = '';
    let looking: NodeJS.Timeout | undefined;
    const look = (): void => {
      if (readFileSync(path)[last * SECTOR] !== 0) return;
      clearInterval(looking);
      for (const pid of children()) process.kill(pid, 'SIGKILL');
    };
    const out = (text: string): void => {
      seen += text;
      if (looking !== undefined || !seen.includes('trapline# ')) return;
      live.type(Buffer.from(WRITES));
      looking = setInterval(look, 1);
    };
    const words = 'console=hvc0 quiet rdinit=/init trapline.disk trapline.shell';
    const machine = ['--stack', 'xen', '--console', 'hvc0', '--disk', path, '--timeout', '240'];
    const linux = ['--kernel', guest('Image'), '--initrd', guest('initrd'), '--append', words];
    const { code, err } = await trapline(['boot', ...linux, ...machine], { live, out });
    clearInterval(looking);
    expect([code, err]).toEqual([1, expect.stringContaining('QEMU ended by SIGKILL')]);
    // trapline.disk has copied a part of it before.
    before.copy(before, WRITTEN.bytes, 0, 4 * 65_536);
    const after = readFileSync(path);
    const zeros = Buffer.alloc(SECTOR);
    let written = 0;
    for (let at = 0; at < DISK_BYTES; at += SECTOR) {
      const sector = after.subarray(at, at + SECTOR);
      if (sector.equals(before.subarray(at, at + SECTOR))) continue;
      expect(at < WRITTEN.bytes && sector.equals(zeros)).toBe(true);
      written++;
    }
    expect(written).toBeGreaterThan(last);
    expect(written).toBeLessThan(WRITTEN.sectors);
  });
});
