import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, trapline } from './harness.js';

const directory = mkdtempSync(join(tmpdir(), 'trapline-run-'));
// The command's modules are loaded when it is first run, which on a busy machine takes longer than a test may.
beforeAll(() => trapline(['run', '--list']));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

interface Report {
  readonly source: string;
  readonly guests: readonly {
    readonly name: string;
    readonly cpus: number;
    readonly interfaces: readonly { readonly path: string; readonly interface: string; readonly conduit: string }[];
    readonly services: readonly string[];
    readonly drivers: readonly string[];
    readonly ended: string | null;
    readonly stuck: readonly string[];
  }[];
  readonly trace: readonly {
    readonly phase: string;
    readonly time: number;
    readonly guest: string;
    readonly cpu: number;
    readonly what: string;
    readonly conduit?: string;
    readonly by?: string | null;
    readonly text: string;
  }[];
  readonly time: number;
}

async function report(...argv: string[]): Promise<Report> {
  const { code, out, err } = await trapline(['run', ...argv, '--json']);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Report;
}

describe('trapline run', () => {
  it('prints discovery, trace and summary of the tree that comes with it', async () => {
    const { code, out, err } = await trapline(['run']);
    expect([code, err]).toEqual([0, '']);
    await expect(out).toMatchFileSnapshot('snapshots/run.txt');
  });

  it('prints the same every time', async () => {
    expect(await trapline(['run', 'psci-smc'])).toEqual(await trapline(['run', 'psci-smc']));
  });

  it('starts every CPU once, with the context it was given', async () => {
    const { trace, guests } = await report('qemu-virt-smp8-clusters');
    const begins = trace.filter(({ text }) => text.startsWith('begins'));
    expect(begins.map(({ cpu }) => cpu)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(begins.map(({ text }) => text)).toContain('begins at 0x40080000 with context 0xc0de0007');
    expect(guests[0]).toMatchObject({ cpus: 8, ended: 'shutdown', stuck: [] });
  });

  it('shows a race for a CPU that is being started: ON_PENDING', async () => {
    const { trace } = await report('psci-smc');
    const ons = trace.filter(({ text }) => text.startsWith('psci.cpuOn(target: 0x1,')).map(({ text }) => text);
    expect(ons.map((text) => text.split(' = ')[1])).toEqual(['SUCCESS', 'ON_PENDING']);
  });

  it('wakes CPUs by their timers: standby returns, power-down resumes at its entry point', async () => {
    const { trace } = await report('psci-smc');
    const wakes = trace.filter(({ what, time }) => what === 'power' && time > 0);
    expect(wakes.map(({ time, cpu, text }) => [time, cpu, text])).toEqual([
      [1_000_000, 1, 'wakes: psci.cpuSuspend = SUCCESS'],
      [2_000_000, 2, 'resumes at 0x40090000 with context 0xc0de0002'],
      [3_000_000, 3, 'wakes: psci.cpuSuspend = SUCCESS'],
      [5_000_000, 0, 'wakes: psci.cpuSuspend = SUCCESS'],
      [10_000_000, 0, 'resumes at 0x40090000 with context 0xc0de0000'],
      [15_000_000, 0, 'resumes at 0x40090000 with context 0xc0de0000'],
    ]);
  });

  it('ends with every other CPU off and the system too', async () => {
    const { trace } = await report('psci-smc');
    const last = new Map(trace.filter(({ what }) => what === 'call').map(({ cpu, text }) => [cpu, text]));
    expect([...last.values()]).toEqual([
      'psci.systemOff() → asks for shutdown',
      'psci.cpuOff() → off',
      'psci.cpuOff() → off',
      'psci.cpuOff() → off',
    ]);
  });

  it('names functions that nobody answers, and what they would have been', async () => {
    const { trace } = await report('tfa-default-handed-to-bl33');
    expect(trace).toContainEqual(
      expect.objectContaining({ phase: 'discovery', text: 'trng.version() = NOT_SUPPORTED', conduit: 'smc' }),
    );
  });

  it('goes through the conduit that the tree names', async () => {
    const conduits = async (name: string) => [
      ...new Set((await report(name)).trace.flatMap(({ conduit }) => conduit ?? [])),
    ];
    expect(await conduits('tfa-default-handed-to-bl33')).toEqual(['smc']);
    expect(await conduits('qemu-virt-default')).toEqual(['hvc']);
    expect(await conduits('qemu-virt-el2')).toEqual(['smc']);
    expect(await conduits('xen-4.17-domU')).toEqual(['hvc']);
  });

  it('runs several guests in turns, each answered by its own services', async () => {
    const { guests, trace } = await report('two-guests');
    expect(guests.map(({ name, services, ended }) => [name, services, ended])).toEqual([
      ['old', ['psci (spec-0.2) at el3'], 'shutdown'],
      ['new', ['psci (spec-1.3) at el3', 'smccc at el3'], 'shutdown'],
    ]);
    const exercised = trace.filter(({ phase }) => phase === 'exercise').map(({ guest }) => guest);
    expect(exercised.lastIndexOf('old')).toBeGreaterThan(exercised.indexOf('new'));
    const { out } = await trapline(['run', 'two-guests']);
    expect(out).toContain('old ended by shutdown; new ended by shutdown');
  });

  it('runs every tree and stack that it lists', async () => {
    const { out } = await trapline(['run', '--list']);
    const names = out
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0] as string);
    const bundled = (folder: string) => readdirSync(new URL(`../${folder}`, import.meta.url));
    const there = [...bundled('trees'), ...bundled('stacks')].filter((name) => name !== 'README.md');
    expect(names.toSorted()).toEqual(there.map((name) => name.replace(/\.\w+$/, '')).toSorted());
    for (const name of names) expect((await report(name)).guests.every(({ stuck }) => stuck.length === 0)).toBe(true);
  });

  it.each([
    ['xen-4.17-domU', 2],
    ['xen-4.17-dom0', 2],
    ['xen-4.17-dom0-gicv2', 2],
    ['xen-4.17-domu-a32', 2],
    ['xen-4.17-domu-enhanced-128m-1cpu', 1],
  ])('answers as Xen for the real tree %s', async (tree, cpus) => {
    const { guests, trace } = await report(fixture(`${tree}.dtb`));
    expect(guests[0]).toMatchObject({ cpus, services: ['xen (xen-4.17) at el2'], ended: 'shutdown', stuck: [] });
    expect(guests[0]?.drivers).toContain('xen 4.17 by hvc at /hypervisor');
    const texts = trace.map(({ text }) => text);
    expect(texts).toContain('xen.xenVersion(cmd: 0x0 version, arg: 0x0) = 0x40011');
    expect(texts.filter((text) => text.startsWith('xen.') && !/= 0x[0-7]/.test(text))).toEqual([]);
  });

  it('tells that PSCI is Xen’s where Xen is', async () => {
    const { code, err } = await trapline(['run', 'xen-4.17-domU', '--psci', 'tf-a']);
    expect([code, err]).toEqual([1, expect.stringContaining("PSCI is Xen's here; leave --psci out")]);
  });

  it('composes domains with a store, consoles and disks', async () => {
    const { guests, trace } = await report('xen');
    expect(guests.map(({ name, ended, stuck }) => [name, ended, stuck])).toEqual([
      ['linux', 'shutdown', []],
      ['other', 'shutdown', []],
    ]);
    const asked = (guest: string) =>
      new Set(trace.filter((entry) => entry.guest === guest).map(({ text }) => text.split(',')[0]));
    for (const { name } of guests) expect(asked(name)).toContain('xen.eventChannelOp(cmd: 0x6 allocUnbound');
    const disks = file(
      'disks.yaml',
      'guests: [{ name: a, vcpus: 1, memory: [{ base: 0x40000000, size: 8 MiB }] }]\nel2: [{ service: xen, block: [{ name: xvda, size: 1 MiB }] }]\n',
    );
    expect((await trapline(['run', disks])).err).toContain('disks need a store');
  });

  it('answers as the profile that it is told', async () => {
    const { guests } = await report('qemu-virt-default', '--psci', 'spec-1.1');
    expect(guests[0]?.services[0]).toBe('psci (spec-1.1) at el2');
    expect(guests[0]?.drivers[0]).toBe('psci 1.1 by hvc at /psci');
  });

  it.each([
    ['0.1', 'psci (spec-0.1) at el3'],
    ['0.2', 'psci (spec-0.2) at el3'],
  ])('takes PSCI %s for a tree that names it', async (version, service) => {
    const compatible = version === '0.1' ? 'arm,psci' : `arm,psci-${version}`;
    const source = readFileSync(new URL('./trees/small.dts', import.meta.url), 'utf8').replace(
      'COMPATIBLE',
      compatible,
    );
    const { guests, trace } = await report(file(`psci-${version}.dts`, source));
    expect(guests[0]?.services).toEqual([service]);
    expect(trace.some(({ text }) => text.startsWith('begins'))).toBe(true);
  });

  it('reads a tree from standard input', async () => {
    const blob = readFileSync(new URL('../trees/qemu-virt-default.dtb', import.meta.url));
    const { code, out } = await trapline(['run', '-'], { stdin: () => blob });
    expect(code).toBe(0);
    expect(out).toContain('psci (spec-1.3) at el2');
  });

  it('writes the trace to a file, one object a line', async () => {
    const path = join(directory, 'trace.jsonl');
    const { trace } = await report('psci-hvc', '--trace', path);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(trace);
  });

  it('exits with 1 where there is nothing to exercise', async () => {
    const { code, out } = await trapline(['run', fixture('qemu-sbsa-ref.dtb')]);
    expect(code).toBe(1);
    expect(out).toContain('no driver');
    expect(out.trim().split('\n').at(-1)).toMatch(/0 calls on 4 CPUs, .* nothing to exercise$/);
  });
});

describe('trapline run says in one line what is wrong', () => {
  const good = 'guests:\n  - name: a\n    vcpus: 2\n    memory: [{ base: 0x40000000, size: 512 MiB }]\n';

  it.each<[string, string, string]>([
    ['syntax', 'guests: [\n', '2:1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['a key twice', 'guests: []\nguests: []\n', '2:1: Map keys must be unique'],
    ['nothing', '', '1:1: the file: write a mapping with guests, and services under el3, el2 or outside'],
    ['a list', '- a\n', '1:1: guests: write a mapping (key: value), not a list'],
    ['no guests', 'el3: []\n', "1:1: guests: 'guests' is missing"],
    ['an empty list of guests', 'guests: []\n', '1:9: guests: write at least one guest'],
    ['a guest without name', 'guests:\n  - vcpus: 1\n', "2:5: guests[0].name: 'name' is missing"],
    [
      'an unknown key',
      `${good}    cpus: 2\n`,
      "5:5: guests[0].cpus: 'cpus' is not known here; there are name, vcpus, memory, deviceTree, bootargs, interruptController, midr, el2, el3",
    ],
    [
      'a bad size',
      'guests:\n  - name: a\n    memory:\n      - { base: 0, size: 1 MB }\n',
      '4:26: guests[0].memory[0].size: write a number of bytes (536870912, 0x20000000) or one with B, KiB, MiB, GiB or TiB (512 MiB)',
    ],
    [
      'a bad count of vCPUs',
      'guests:\n  - name: a\n    vcpus: many\n',
      '3:12: guests[0].vcpus: write how many vCPUs (1 to 1024), or a list of their MPIDR affinities ([0x0, 0x1, 0x100, 0x101])',
    ],
    [
      'an unknown service',
      `${good}el3:\n  - service: uefi\n`,
      "6:14: no service 'uefi'; there are psci, smccc, trng, pv-time, sdei",
    ],
    [
      'an unknown option of a service',
      `${good}el3:\n  - service: psci\n    verson: "1.1"\n`,
      "7:5: el3[0].verson: 'verson' is not known here; there are profile, version, format, conduit",
    ],
    [
      'a version that YAML takes for a number',
      `${good}el3:\n  - service: psci\n    version: 1.1\n`,
      '7:14: el3[0].version: write one of 0.1, 0.2, 1.0, 1.1, 1.2, 1.3 (in quotes where it looks like a number)',
    ],
    ['an anchor that is not there', 'guests: *a\n', ':1:9: *a has no &a before it'],
    [
      'a service for a guest that is not there',
      `${good}el3:\n  - { service: psci, guests: [b] }\n`,
      "' at el3 is for guest 'b', which the stack does not have: name 'a'",
    ],
    ['a composition that cannot be', 'guests:\n  - name: a\n    vcpus: 1\n', "guest 'a' has no memory"],
    ['a tree that is not there', 'guests:\n  - { name: a, deviceTree: no.dtb }\n', 'no.dtb: no such file or directory'],
  ])('%s', async (name, text, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.yaml`, text);
    const { code, out, err } = await trapline(['run', path]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(message);
    expect(err.startsWith(`trapline: run: ${directory}`)).toBe(true);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each<[string, string[], number, RegExp]>([
    ['a file that is not there', ['no.dtb'], 1, /no\.dtb: no such file/],
    ['a stack that is not there', ['no.yaml'], 1, /no\.yaml: no such file/],
    ['two files', ['a', 'b'], 2, /name one stack or device tree \(trapline run --help\)/],
    ['a profile that is not there', ['--psci', 'kvm'], 2, /no PSCI profile 'kvm'; there are spec, spec-0\.1/],
    ['a profile for a stack', ['psci-smc', '--psci', 'spec'], 2, /a stack file names its profile itself/],
    ['a trace that cannot be written', ['--trace', '/'], 1, /\/: /],
    ['what is no tree', [new URL('./harness.ts', import.meta.url).pathname], 1, /harness\.ts: /],
    ['a directory of trees', [new URL('../trees', import.meta.url).pathname], 1, /holds 5 trees; name one/],
  ])('%s', async (_, argv, exit, message) => {
    const { code, err } = await trapline(['run', ...argv]);
    expect(code).toBe(exit);
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a stack file beyond the limit', async () => {
    const { err } = await trapline(['run', file('large.yaml', `# ${'x'.repeat(1 << 20)}\n${good}`)]);
    expect(err).toMatch(/a stack file has at most 1048576/);
  });

  it('aliases that grow without bound', async () => {
    const bomb = `a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n${['b', 'c', 'd', 'e', 'f', 'g']
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdef'[i]}`).join(', ')}]\n`)
      .join('')}`;
    const { code, err } = await trapline(['run', file('bomb.yaml', bomb)]);
    expect(code).toBe(1);
    expect(err).toMatch(/alias/i);
  });

  it('a conduit that nobody answers', async () => {
    const path = file(
      'mute.yaml',
      `guests:\n  - { name: a, deviceTree: ${new URL('../trees/qemu-virt-default.dtb', import.meta.url).pathname} }\n`,
    );
    const { code, out } = await trapline(['run', path]);
    expect(code).toBe(1);
    expect(out).toMatch(/failed {3}psci at \/psci: .*exception undefined/);
  });
});
