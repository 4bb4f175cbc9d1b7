import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { cannotBoot, guest, terminal, why } from './guests.js';
import { type Run, trapline } from './harness.js';

const THIS = fileURLToPath(import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'trapline-boot-'));
const path = process.env.PATH;
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => {
  process.env.PATH = path;
});

function file(name: string, text: string | Uint8Array): string {
  const where = join(directory, name);
  writeFileSync(where, text);
  return where;
}

const LINUX = ['--kernel', guest('Image'), '--initrd', guest('initrd')];

function linux(words: string, argv: readonly string[], options: Parameters<typeof trapline>[1] = {}): Promise<Run> {
  return trapline(
    ['boot', ...LINUX, '--append', `console=ttyAMA0 quiet rdinit=/init ${words}`, '--timeout', '240', ...argv],
    options,
  );
}

describe('the command line of boot', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['nothing', [], /give a --kernel or an --image/],
    ['a bare file', ['Image'], /'Image' is no option; name files by --kernel/],
    ['an address without an image', ['--kernel', 'a', '--at', '0'], /--at is the address of an --image/],
    ['no CPU', ['--kernel', 'a', '--cpus', '0'], /--cpus 0: write a number from 1 to 123/],
    ['memory in words', ['--kernel', 'a', '--memory', 'much'], /--memory much: write a number from 1 to 65536/],
    ['an address beyond all memory', ['--image', 'a', '--at', '0xffffffffffffffff'], /write an address below 2\^53/],
    ['an address in words', ['--image', 'a', '--at', 'here'], /'here' is no number/],
  ])('%s is wrong usage', async (_, argv, words) => {
    const { code, err } = await trapline(['boot', ...argv]);
    expect(err).toMatch(words);
    expect(code).toBe(2);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      'a kernel that is not there',
      ['--kernel', '/nonexistent'],
      /\/nonexistent: no such file .*linux-image-cloud-arm64/,
    ],
    ['an image that is not there', ['--image', '/nonexistent'], /\/nonexistent: no such file .*u-boot-qemu/],
    ['an initrd that is not there', ['--kernel', THIS, '--initrd', '/nonexistent'], /busybox-static/],
    ['a tree that is not there', ['--kernel', THIS, '--dtb', '/nonexistent'], /\/nonexistent: no such file/],
    [
      'a stack that is not known',
      ['--kernel', THIS, '--stack', 'vmware'],
      /no stack 'vmware'; there are psci-smc, psci-hvc, kvm, xen, and stack files/,
    ],
    [
      'a stack file that is not there',
      ['--kernel', THIS, '--stack', '/nonexistent.yaml'],
      /\/nonexistent.yaml: no such file/,
    ],
  ])('%s fails in words', async (_, argv, words) => {
    const { code, err } = await trapline(['boot', ...argv]);
    expect(err).toMatch(words);
    expect(code).toBe(1);
  });

  it('says what to install where QEMU is missing', async () => {
    process.env.PATH = '/nonexistent';
    const { code, err } = await trapline(['boot', '--kernel', THIS]);
    expect([code, err]).toEqual([
      1,
      'trapline: boot: qemu-system-aarch64 is not installed: apt-get install qemu-system-arm\n',
    ]);
  });
});

describe.skipIf(cannotBoot)(`trapline boot${why}`, () => {
  it('boots Linux, shows its console, counts its calls, and writes a trace that replays', async () => {
    const where = join(directory, 'boot.json');
    const { code, out, err } = await linux('trapline.calls trapline.kvm', [
      '--stack',
      'kvm',
      '--cpus',
      '2',
      '--trace',
      where,
    ]);
    expect(out).toContain('GUEST: smp: Brought up 1 node, 2 CPUs');
    expect(out).toContain('GUEST: clock: KVM virtual PTP');
    expect(out).toMatch(/GUEST: stolen: [1-9]\d* ticks/);
    expect(out).toMatch(/the guest powered off after .* s; \d+ calls; a call took the guest \d+ µs/);
    expect(out).toMatch(/ 1 {2}hvc {2}kvm.features .* el2 kvm \(linux-6.1\)\n/);
    expect(err).toMatch(/^trapline: boot: QEMU is starting .*\ntrapline: boot: the guest runs/);
    expect(code).toBe(0);
    expect((await trapline(['replay', where])).out).toMatch(/: (\d+) calls: \1 equal, 0 different, 0 skipped\n$/);
  });

  it('boots a stack file on a device tree of QEMU’s own', async () => {
    const tree = file('virt.dtb', dumpedTree());
    const stack = file(
      'stack.yaml',
      'guests: [{ name: g, vcpus: 2, memory: [{ base: 0x40000000, size: 512 MiB }] }]\nel2: [{ service: psci, version: "1.1" }, { service: smccc }]\n',
    );
    const { code, out } = await linux('trapline.calls', ['--stack', stack, '--dtb', tree]);
    expect(out).toContain('GUEST: psci: PSCIv1.1 detected in firmware.');
    expect(out).toContain('GUEST: smp: Brought up 1 node, 2 CPUs');
    expect(code).toBe(0);
  });

  it('shows the calls of each CPU as they come, a line each', async () => {
    const { err } = await linux('', ['--watch', '--cpus', '2', '--stack', 'psci-hvc']);
    expect(err).toContain('cpu 0 hvc psci.version() = 1.3\n');
    expect(err).toMatch(/cpu 0 hvc psci.cpuOn\(target: 0x1, .*\) = SUCCESS\n/);
  });

  it('at a terminal: progress in one line, keys go to the guest, Ctrl-C ends it', async () => {
    const live = terminal();
    let seen = '';
    const answers = [
      { to: 'trapline# ', keys: Buffer.from('echo $((6 * 7)) is the answer\r') },
      { to: '42 is the answer', keys: Uint8Array.of(3) },
    ];
    // The console comes in pieces that end anywhere.
    const out = (text: string): void => {
      seen += text;
      const [next] = answers;
      if (next === undefined || !seen.includes(next.to)) return;
      answers.shift();
      live.type(next.keys);
    };
    const { code, err } = await linux('trapline.shell', [], { live, out });
    expect(seen).toContain('42 is the answer');
    expect(live.shown.join('')).toMatch(/the guest runs · \d+ calls, \d+\/s · \d/);
    expect(err).toContain('trapline: boot: the machine was stopped');
    expect(code).toBe(1);
  });

  it('at a terminal, watching: a picture of each CPU’s last calls, and the console below', async () => {
    const live = terminal();
    const { code } = await linux('trapline.calls', ['--watch', '--stack', 'psci-hvc'], { live });
    const picture = live.shown.join('');
    expect(picture).toMatch(/cpu 0 {2}\d+ calls {2}\d+\/s/);
    expect(picture).toContain('hvc psci.systemOff() → asks for shutdown');
    expect(picture).toContain('GUEST: poweroff');
    expect(code).toBe(0);
  });

  it('ends in time, and when it is interrupted', async () => {
    const late = await linux('trapline.wait', ['--timeout', '1']);
    expect([late.code, late.err]).toEqual([1, expect.stringContaining('the machine was stopped')]);
    let interrupt = (): void => {};
    const interrupted = (listener: () => void): (() => void) => {
      interrupt = listener;
      setTimeout(() => interrupt(), 500);
      return () => {};
    };
    expect((await linux('trapline.wait', [], { interrupted })).code).toBe(1);
  });

  it('starts a guest that resets again and again until its time is up, and says how often; --no-reboot ends it', async () => {
    // movz w0, #9; movk w0, #0x8400, lsl #16; smc #0: SYSTEM_RESET.
    const resets = file('resets', new Uint8Array(Uint32Array.of(0x5280_0120, 0x72b0_8000, 0xd400_0003).buffer));
    const loop = await trapline(['boot', '--image', resets, '--timeout', '2']);
    expect(loop.err).toMatch(/the guest runs, restarted once .*\n.*restarted 2 times .*\n/);
    expect([loop.code, loop.err]).toEqual([1, expect.stringContaining('boot: the machine was stopped')]);
    expect(loop.out).toMatch(/\d+ {2}smc {2}psci.systemReset/);
    const once = await trapline(['boot', '--image', resets, '--no-reboot']);
    expect([once.code, once.out]).toEqual([0, expect.stringMatching(/the guest asked for a reset after .*; 1 calls/)]);
  });

  it('keeps no more of what a guest writes than anybody reads, and says what was lost', async () => {
    // movz x1, #0x900, lsl #16; movz w0, #'x'; str w0, [x1]; b back: writes for ever.
    const code = Uint32Array.of(0xd2a1_2001, 0x5280_0f00, 0xb900_0020, 0x17ff_ffff);
    const writer = file('writer', new Uint8Array(code.buffer));
    let asked = 0;
    const unread = (): number => (++asked > 3 && asked < 7 ? 2 ** 30 : 0);
    const { out } = await trapline(['boot', '--image', writer, '--timeout', '1'], { unread });
    expect(asked).toBeGreaterThan(7);
    expect(out).toMatch(/^x+\n\[\d+ characters were not read, and are lost\]\nx+\n/);
  });

  it('boots a flat image, and says so where it is none that fits', async () => {
    const uboot = await trapline(['boot', '--image', guest('u-boot.bin'), '--at', '0', '--timeout', '2']);
    expect(uboot.out).toContain('U-Boot 20');
    const outside = await trapline(['boot', '--image', guest('u-boot.bin'), '--at', '0x100000000']);
    expect([outside.code, outside.err]).toEqual([1, expect.stringContaining('does not lie in memory')]);
  });

  it('refuses as many CPUs as the tree does not have, and several guests', async () => {
    const tree = file('two.dtb', dumpedTree());
    const { err } = await linux('', ['--dtb', tree, '--cpus', '4']);
    expect(err).toContain('--cpus 4: the device tree has 2');
    const two = file('two.yaml', 'guests: [{ name: a, vcpus: 1 }, { name: b, vcpus: 1 }]\n');
    expect((await linux('', ['--stack', two])).err).toContain('has several guests; QEMU runs one');
    expect((await linux('', ['--stack', 'psci-hvc', '--el2'])).err).toContain("EL2 is not the guest's");
  });
});

/** The tree of QEMU's own machine with two CPUs, which names PSCI by HVC. */
function dumpedTree(): Uint8Array {
  const where = join(directory, 'dumped.dtb');
  spawnSync('qemu-system-aarch64', [
    '-machine',
    `virt,gic-version=3,dumpdtb=${where}`,
    '-cpu',
    'cortex-a57',
    '-smp',
    '2',
    '-m',
    '512',
  ]);
  return readFileSync(where);
}
