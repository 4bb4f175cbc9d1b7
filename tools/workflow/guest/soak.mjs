import { spawn } from 'node:child_process';
import { buildCli } from '../build.mjs';
import { root } from '../root.mjs';
import { fetchGuests } from './fetch.mjs';

/** Boots that run in turns: on QEMU's own PSCI, and on the stacks. */
const KINDS = ['qemu', 'psci-smc', 'psci-hvc', 'kvm'];
const CPUS = '4';
const WORDS = 'console=ttyAMA0 quiet rdinit=/init trapline.hotplug';
/** A boot that takes longer has failed. */
const TIMEOUT_MS = 120_000;

/**
 * The job `soak`: boots Debian's Linux so many times in a row (50 where nobody says) on each stack and on QEMU's own
 * PSCI, with 4 CPUs that go off and come back. Prints how many came to their power off, and how long they took.
 */
export async function soak([count = '50', ...kinds]) {
  if (buildCli() !== 0) return 1;
  const files = fetchGuests();
  const wanted = kinds.length > 0 ? kinds : KINDS;
  const seen = new Map(wanted.map((kind) => [kind, { seconds: [], medians: [], slow: [], failed: [] }]));
  for (let round = 1; round <= Number(count); round++) {
    const words = [];
    for (const kind of wanted) {
      const boot = await run(kind, files);
      const row = seen.get(kind);
      if (boot.failed) row.failed.push(`round ${round}: ${boot.failed}`);
      else row.seconds.push(boot.seconds);
      words.push(`${kind} ${boot.failed ? 'failed' : `${boot.seconds.toFixed(2)} s`}`);
      if (boot.median !== undefined) row.medians.push(boot.median);
      if (boot.slow !== undefined) row.slow.push(boot.slow);
    }
    console.log(`round ${round}: ${words.join(', ')}`);
  }
  const own = median(seen.get('qemu')?.seconds ?? []);
  for (const [kind, { seconds, medians, slow, failed }] of seen) {
    const time = median(seconds);
    const ratio = own > 0 ? `, ${(time / own).toFixed(2)} × QEMU's own` : '';
    const calls =
      medians.length > 0 ? `; a call ${median(medians)} µs (median of medians), ${median(slow)} µs (99 %)` : '';
    console.log(`${kind}: ${seconds.length} of ${count} boots; median ${time.toFixed(2)} s${ratio}${calls}`);
    for (const words of failed) console.log(`  ${words}`);
  }
  return [...seen.values()].every(({ failed }) => failed.length === 0) ? 0 : 1;
}

async function run(kind, files) {
  const began = performance.now();
  const { output, code } = kind === 'qemu' ? await onQemu(files) : await onStack(kind, files);
  const whole = (performance.now() - began) / 1000;
  const online = (output.match(/GUEST: cpu\d on: 0-3/g) ?? []).length;
  if (code !== 0 || online !== 3 || !output.includes('GUEST: poweroff'))
    return { failed: `code ${code}: ${output.slice(-300)}` };
  const said = /after ([\d.]+) s/.exec(output)?.[1];
  const calls = /took the guest (\d+) µs \(median\), (\d+) µs/.exec(output);
  return {
    seconds: said === undefined ? whole : Number(said),
    ...(calls !== null && { median: Number(calls[1]), slow: Number(calls[2]) }),
  };
}

function onStack(stack, { kernel, initrd }) {
  const guest = ['--kernel', kernel, '--initrd', initrd, '--append', WORDS, '--cpus', CPUS];
  return end(process.execPath, ['packages/cli/dist/bin.js', 'boot', '--stack', stack, ...guest]);
}

function onQemu({ kernel, initrd }) {
  const machine = [
    '-machine',
    'virt,gic-version=3',
    '-cpu',
    'cortex-a57',
    '-smp',
    CPUS,
    '-m',
    '512',
    '-accel',
    'tcg,thread=multi',
  ];
  const silent = ['-net', 'none', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'];
  return end('qemu-system-aarch64', [...machine, ...silent, '-kernel', kernel, '-initrd', initrd, '-append', WORDS]);
}

function end(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        output += bytes;
      });
    }
    const late = setTimeout(() => child.kill('SIGTERM'), TIMEOUT_MS);
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code) => {
      clearTimeout(late);
      resolve({ output, code });
    });
  });
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
