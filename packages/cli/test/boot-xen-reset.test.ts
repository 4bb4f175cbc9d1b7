import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cannotBoot, guest, terminal, why } from './guests.js';
import { trapline } from './harness.js';

const directory = mkdtempSync(join(tmpdir(), 'trapline-xen-reset-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const PROMPT = 'trapline# ';

describe.skipIf(cannotBoot)(`a Linux guest of Xen’s that resets${why}`, () => {
  it('finds its console, store, events, balloon and disk again as they were', async () => {
    const disk = join(directory, 'disk.img');
    writeFileSync(disk, Buffer.alloc(2 ** 20, 'Trapline '));
    const live = terminal();
    const typed = ['reboot -f\r', 'exit\r'];
    let seen = '';
    let from = 0;
    const out = (text: string): void => {
      seen += text;
      const at = seen.indexOf(PROMPT, from);
      if (at < 0) return;
      from = at + PROMPT.length;
      live.type(Buffer.from(typed.shift() ?? ''));
    };
    const words =
      'console=hvc0 quiet rdinit=/init trapline.calls trapline.xen trapline.hotplug trapline.disk trapline.shell';
    const machine = ['--stack', 'xen', '--cpus', '2', '--console', 'hvc0', '--disk', disk];
    const linux = ['--kernel', guest('Image'), '--initrd', guest('initrd'), '--append', words];
    const { code } = await trapline(['boot', ...linux, ...machine, '--timeout', '240'], { live, out });
    const lines = [...seen.matchAll(/GUEST: (.*?)\r?\n/g)].map((match) => match[1] as string);
    const boots = lines.join('\n').split(/(?=^Linux )/m);
    expect(boots).toHaveLength(2);
    for (const boot of boots) {
      expect(boot).toContain('Xen 4.17 support found');
      expect(boot).toContain('balloon: 32768 KiB given back\nballoon: 0 KiB missing\n');
      expect(boot).toContain('cpu1 off: 0\ncpu1 on: 0-1\n');
      expect(boot).toMatch(/xvda: 2048 sectors, [0-9a-f]{32}\nxvda: [0-9a-f]{32} written/);
    }
    expect(live.shown.join('')).toContain('the guest runs, restarted once');
    expect(seen).toContain('the guest powered off');
    expect(code).toBe(0);
  });
});
