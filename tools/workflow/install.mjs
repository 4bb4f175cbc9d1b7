import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.mjs';
import { root } from './root.mjs';

const stamp = join(root, 'node_modules/.trapline-installed');

/**
 * Installs from the lockfile with the pinned pnpm, unless what is installed came from the same lockfile. npx brings
 * pnpm: nothing is installed globally.
 */
export function ensureInstalled() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  install(wanted, '--frozen-lockfile');
}

/** Installs what the packages' own files ask for, and brings the lockfile up to date with them. */
export function installNew() {
  install(undefined, '--no-frozen-lockfile');
}

function install(wanted, lockfile) {
  const pnpm = pinnedPnpm();
  console.error(`installing the workspace's packages with ${pnpm} (once)`);
  const status = command('npx', ['--yes', pnpm, 'install', lockfile], { stdout: 'stderr' });
  if (status !== 0) {
    const needs = 'npm, its registry, and a pnpm-lock.yaml that fits every package.json';
    console.error(`install: ${pnpm} ended with ${status}, see above; it needs ${needs}`);
    process.exit(status);
  }
  writeFileSync(stamp, wanted ?? fingerprint());
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function pinnedPnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return packageManager.split('+')[0];
}
