import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Debian's packages, by the program that tests need of them. */
const PACKAGES: Readonly<Record<string, string>> = {
  'aarch64-linux-gnu-as': 'binutils-aarch64-linux-gnu',
  'arm-linux-gnueabi-as': 'binutils-arm-linux-gnueabi',
  'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu',
  'arm-linux-gnueabi-gcc': 'gcc-arm-linux-gnueabi',
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-system-arm': 'qemu-system-arm',
};

/** Whether tests that need these programs are skipped, and the words that say so. With CI=true nothing is skipped. */
export function needs(...programs: readonly string[]): { readonly skip: boolean; readonly why: string } {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  const packages = [...new Set(missing.map((program) => PACKAGES[program] ?? program))];
  return {
    skip: missing.length > 0 && process.env.CI !== 'true',
    why: missing.length > 0 ? ` (needs ${packages.join(', ')})` : '',
  };
}

/** Runs a program to its end; throws with what it said where it fails. */
export function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error, signal } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 29,
    timeout: 120_000,
    ...(input === undefined ? {} : { input }),
  });
  if (error || status !== 0) {
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? signal ?? `exit code ${status}`}\n${stderr}`);
  }
  return stdout + stderr;
}

/** A folder for one test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wrappers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
