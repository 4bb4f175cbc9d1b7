import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { bundle } from './bundle.mjs';

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const benches = [];
for (const { name, file } of await bundle()) {
  if (positionals.length > 0 && !positionals.some((wanted) => name.includes(wanted))) continue;
  if (!values.json) console.error(`measuring ${name}`);
  benches.push(...measure(file));
}
if (values.json) console.log(JSON.stringify({ benches }, null, 2));
else print();

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
