import { spawn } from 'node:child_process';
import { root } from '../root.mjs';
import { commandLine, own, stacks } from './kinds.mjs';

const CPUS = 4;
/** Every boot does the same, so that their times compare. */
const DOES = ['hotplug'];
/** A boot that takes longer has failed. */
const TIMEOUT_MS = 120_000;

/**
 * Boots a guest of a kind to its power off, and measures: seconds from QEMU's start to its end; on a stack also traps, and
 * microseconds that a trap took the guest. `failure` says in words what was wrong, `output` is all that was written.
 */
export async function measure(name, files) {
  if (Object.hasOwn(own, name)) return onQemu(own[name], files);
  const { stack, kernel, initrd, console, shows } = stacks[name];
  const guest = ['--kernel', files[kernel], '--initrd', files[initrd], '--append', commandLine(console, DOES)];
  const machine = ['--no-reboot', '--stack', stack, '--cpus', String(CPUS), '--console', console];
  const { output, how } = await run(process.execPath, ['packages/cli/dist/bin.js', 'boot', ...machine, ...guest]);
  const failure = failureOf(shows, output, how);
  const said = SUMMARY.exec(output);
  if (failure !== undefined || said === null) return { failure: failure ?? 'no summary of its calls', output };
  const [seconds, traps, median, slow] = said.slice(1).map(Number);
  return { seconds, traps, median, slow };
}

async function onQemu({ program, machine, cpu, kernel, initrd }, files) {
  const sizes = ['-machine', machine, '-cpu', cpu, '-smp', String(CPUS), '-m', '512', '-accel', 'tcg,thread=multi'];
  const silent = ['-net', 'none', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'];
  const guest = ['-kernel', files[kernel], '-initrd', files[initrd], '-append', commandLine('ttyAMA0', DOES)];
  const began = performance.now();
  const { output, how } = await run(program, [...sizes, ...silent, ...guest]);
  const seconds = (performance.now() - began) / 1000;
  const failure = failureOf([], output, how);
  return failure === undefined ? { seconds } : { failure, output };
}

/** The line by which `trapline boot` ends. */
const SUMMARY = /powered off after ([\d.]+) s; (\d+) calls; a call took the guest (\d+) µs \(median\), (\d+) µs/;

function failureOf(shows, output, how) {
  if (how !== '') return how;
  const lines = ['GUEST: poweroff', ...shows];
  for (let cpu = 1; cpu < CPUS; cpu++) lines.push(`GUEST: cpu${cpu} on: 0-${CPUS - 1}`);
  const missing = lines.find((line) => !output.includes(line));
  return missing === undefined ? undefined : `its console has no '${missing}'`;
}

/** All output of a program, and how it ended where that is not well. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
    }, TIMEOUT_MS);
    const end = (how) => {
      clearTimeout(timer);
      resolve({ output, how: late ? `not through within ${TIMEOUT_MS / 1000} s` : how });
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) =>
      end(code === 0 ? '' : `ended ${signal === null ? `with ${code}` : `by ${signal}`}`),
    );
  });
}
