import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildCli, tsc } from './build.mjs';
import { command } from './command.mjs';
import { root } from './root.mjs';

const bin = (name) => join('node_modules/.bin', name);
const summary = join(root, '.cache/test-summary.json');

/** What is checked besides the tests. Each counts as one in the closing line. */
const checks = [
  ['lint and format', () => command(bin('biome'), ['check', '--error-on-warnings', '.'])],
  ['types', () => command(process.execPath, [tsc, '-b'])],
  ['package borders', () => command(bin('depcruise'), ['packages', 'tools', '--config', '.dependency-cruiser.mjs'])],
  ['unused code', () => command(bin('knip'), ['--no-progress', '--no-config-hints'])],
];

/**
 * Checks, then tests; closes with `N passed, N failed, N skipped`. With arguments (files, `-t name`) only those tests
 * run, without the checks.
 */
export function test(args) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];
  if (args.length === 0) {
    for (const [name, check] of checks) {
      console.log(`\n# ${name}`);
      if (check() === 0) counts.passed++;
      else {
        counts.failed++;
        failed.push(name);
      }
    }
  }
  // Some tests start the built command line.
  buildCli();
  console.log('\n# tests');
  rmSync(summary, { force: true });
  mkdirSync(join(root, '.cache'), { recursive: true });
  const coverage = process.env.CI && args.length === 0 ? ['--coverage'] : [];
  const status = command(bin('vitest'), ['run', ...coverage, ...args], { env: { TRAPLINE_SUMMARY: summary } });
  if (existsSync(summary)) {
    const tests = JSON.parse(readFileSync(summary, 'utf8'));
    for (const key of Object.keys(counts)) counts[key] += tests[key];
    // Coverage below its threshold, or an error outside any test.
    if (status !== 0 && tests.failed === 0) counts.failed++;
  } else counts.failed++;
  if (failed.length > 0) console.log(`\nfailed checks: ${failed.join(', ')}`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 && status === 0 ? 0 : 1;
}
