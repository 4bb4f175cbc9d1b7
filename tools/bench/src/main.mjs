import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { bundle } from './bundle.mjs';

const USAGE = `Usage: npm run -s bench -- [--json] [NAME ...]

Measures all benchmarks, or those in files whose names have one of these words in them.`;

const { values, positionals } = settings();
const files = await bundle();
for (const wanted of positionals) {
  if (files.some(({ name }) => name.includes(wanted))) continue;
  fail(`no benchmarks are called '${wanted}'; there are ${files.map(({ name }) => name).join(', ')}`);
}
const benches = [];
for (const { name, file } of files) {
  if (positionals.length > 0 && !positionals.some((wanted) => name.includes(wanted))) continue;
  if (!values.json) console.error(`measuring ${name}`);
  benches.push(...measure(file));
}
if (values.json) console.log(JSON.stringify({ benches }, null, 2));
else print();

function settings() {
  try {
    return parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
  } catch {
    fail(USAGE);
  }
}

function fail(words) {
  console.error(words.startsWith('Usage') ? words : `bench: ${words}`);
  process.exit(2);
}

/** A process of its own for each file: one benchmark's type feedback would slow the next. */
function measure(file) {
  const flags = ['--expose-gc', '--max-semi-space-size=256'];
  const child = spawnSync(process.execPath, [...flags, new URL('measure.mjs', import.meta.url).pathname, file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) process.exit(child.status ?? 1);
  return JSON.parse(child.stdout);
}

function print() {
  const table = new Table({
    head: ['bench', 'ns/op', 'baseline ns', 'bytes/op'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, nsPerOp, baselineNs, bytesPerOp } of benches) {
    table.push([name, nsPerOp.toFixed(1), baselineNs.toFixed(1), bytesPerOp.toFixed(1)]);
  }
  console.log(table.toString());
  console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; medians`);
}
