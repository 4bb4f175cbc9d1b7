import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCli } from '../build.mjs';
import { root } from '../root.mjs';
import { fetchGuests } from './fetch.mjs';
import { own, stacks } from './kinds.mjs';
import { measure } from './measure.mjs';
import { Results } from './results.mjs';

/** What can be booted: on QEMU's own PSCI, and on stacks. */
const KINDS = [...Object.keys(own), ...Object.keys(stacks)];

const usage = `Usage: npm run -s boot:soak -- [--count N] [--kinds NAME,...] [--json FILE]

Boots Debian's Linux N times (50) of each kind, in turns, with 4 CPUs that go off and come back, beside the
same kernel and initial file system on QEMU's own PSCI. A boot that fails leaves its console in a file.

Kinds: ${KINDS.join(', ')}`;

/** Where consoles of failed boots go: outside of git. */
const directory = join(root, '.cache/soak');

/**
 * The job `soak`. Prints a line for each round and each kind; 0 where all boots came to their power off, 1 where some did
 * not, 2 for wrong usage.
 */
export async function soak(args) {
  const settings = settingsOf(args);
  if (settings === undefined) {
    console.error(usage);
    return 2;
  }
  if (buildCli() !== 0) return 1;
  const files = fetchGuests();
  rmSync(directory, { recursive: true, force: true });
  const { count, json } = settings;
  const rows = new Map(settings.kinds.map((kind) => [kind, new Results(kind)]));
  const ownOf = ({ kind }) => rows.get(stacks[kind]?.own);
  for (let round = 1; round <= count; round++) {
    const words = [];
    for (const [kind, row] of rows) words.push(`${kind} ${await oneBoot(kind, row, round, files)}`);
    console.log(`round ${round}: ${words.join(', ')}`);
    // Also a run that does not come to its end has results.
    if (json !== undefined) {
      const results = [...rows.values()].map((row) => row.data(ownOf(row)));
      writeFileSync(json, `${JSON.stringify({ host: host(), rounds: round, kinds: results }, undefined, 2)}\n`);
    }
  }
  for (const row of rows.values()) {
    console.log(row.line(count, ownOf(row)));
    for (const { round, words, console: file } of row.failures) console.log(`  round ${round}: ${words} (${file})`);
  }
  return [...rows.values()].every(({ failures }) => failures.length === 0) ? 0 : 1;
}

function settingsOf(args) {
  const options = { count: { type: 'string' }, kinds: { type: 'string' }, json: { type: 'string' } };
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    console.error(`soak: ${error.message}`);
    return undefined;
  }
  const count = Number(values.count ?? 50);
  const wanted = values.kinds === undefined ? KINDS : values.kinds.split(',');
  const unknown = wanted.find((kind) => !KINDS.includes(kind));
  if (!(Number.isInteger(count) && count > 0) || unknown !== undefined) {
    console.error(unknown === undefined ? `soak: --count ${values.count}` : `soak: no kind '${unknown}'`);
    return undefined;
  }
  const compared = wanted.map((kind) => stacks[kind]?.own ?? kind);
  return { count, kinds: [...new Set([...compared, ...wanted])], json: values.json };
}

async function oneBoot(kind, row, round, files) {
  const { failure, output, ...boot } = await measure(kind, files);
  if (failure === undefined) {
    row.add(boot);
    return `${boot.seconds.toFixed(2)} s`;
  }
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${kind}-${round}.log`);
  writeFileSync(file, output);
  row.failures.push({ round, words: failure, console: file });
  return 'FAILED';
}

function host() {
  const qemu = spawnSync('qemu-system-aarch64', ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0];
  return { cpu: cpus()[0]?.model, cpus: availableParallelism(), node: process.version, qemu };
}
