#!/usr/bin/env node
// The entry of every npm script: makes the workspace ready, then runs a job. Needs nothing but Node and npm.
import { ensureInstalled } from './workflow/install.mjs';

const jobs = {
  start: () => import('./workflow/trapline.mjs').then(({ trapline }) => trapline(['run', ...rest])),
  trapline: () => import('./workflow/trapline.mjs').then(({ trapline }) => trapline(rest)),
  test: () => import('./workflow/test.mjs').then(({ test }) => test(rest)),
  generate: () => import('./workflow/generate.mjs').then(({ generate }) => generate(rest)),
  bench: () => import('./workflow/bench.mjs').then(({ bench }) => bench(rest)),
  boot: () => import('./workflow/guest/boot.mjs').then(({ boot }) => boot(rest)),
  soak: () => import('./workflow/guest/soak.mjs').then(({ soak }) => soak(rest)),
  guests: () => import('./workflow/guest/fetch.mjs').then(({ guests }) => guests()),
};

const [job = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(jobs, job)) {
  console.error(`run: no job '${job}'; there are ${Object.keys(jobs).join(', ')}`);
  process.exit(2);
}
ensureInstalled();
process.exitCode = await jobs[job]();
