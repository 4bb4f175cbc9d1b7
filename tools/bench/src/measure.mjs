import { measure } from 'mitata';

/** Operations in one sample, at most: long enough that the clock's own cost vanishes. */
const BATCH = 2000;
/** A slow operation's sample is made shorter: no more of them than about fill this time. */
const SAMPLE_MS = 5;
/** Samples over which the heap's growth is measured. */
const ALLOCATION_SAMPLES = 50;

const { benches } = await import(process.argv[2]);
const results = [];
for (const bench of benches) {
  const batch = batchOf(bench);
  bench.run(batch);
  const timed = await measure(() => bench.run(batch), { min_cpu_time: 250e6 });
  const baseline = await measure(() => (bench.baseline ?? emptyLoop)(batch), { min_cpu_time: 20e6 });
  results.push({
    name: bench.name,
    nsPerOp: timed.p50 / batch,
    baselineNs: baseline.p50 / batch,
    bytesPerOp: bytesPerOp(bench, batch),
  });
}
process.stdout.write(JSON.stringify(results));

function batchOf(bench) {
  for (let batch = 2; batch < BATCH; batch *= 2) {
    const start = performance.now();
    bench.run(batch);
    if (performance.now() - start > SAMPLE_MS) return batch;
  }
  return BATCH;
}

/** The least growth of three runs: background work of the engine only ever adds. */
function bytesPerOp(bench, batch) {
  const operations = batch * ALLOCATION_SAMPLES;
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    bench.run(operations);
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return Math.max(0, Math.round((least / operations) * 10) / 10);
}

function emptyLoop(iterations) {
  let sum = 0;
  for (let i = 0; i < iterations; i++) sum = (sum + i) | 0;
  return sum;
}
