#!/usr/bin/env node
// The entry of every npm script: makes the workspace ready, then runs a job. Needs nothing but Node and npm.
import { ensureInstalled } from './workflow/install.js';

const jobs = {
  start: () => import('./workflow/trapline.js').then(({ trapline }) => trapline(['run', ...rest])),
  trapline: () => import('./workflow/trapline.js').then(({ trapline }) => trapline(rest)),
  test: () => import('./workflow/test.js').then(({ test }) => test(rest)),
  bench: () => import('./workflow/bench.js').then(({ bench }) => bench(rest)),
};

const [job = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(jobs, job)) {
  console.error(`run: no job '${job}'; there are ${Object.keys(jobs).join(', ')}`);
  process.exit(2);
}
ensureInstalled();
process.exitCode = await jobs[job]();
