import { spawnSync } from 'node:child_process';

/** Whether dtc is there. With `CI` set its absence is an error, not a reason to skip. */
export function hasDtc(): boolean {
  const there = spawnSync('dtc', ['--version']).error === undefined;
  if (!there && process.env.CI) throw new Error('dtc is missing: install the package device-tree-compiler');
  return there;
}

/** What dtc makes of a blob, and what it says about it. */
export function dtc(blob: Uint8Array): { readonly source: string; readonly messages: string } {
  const { stdout, stderr } = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts'], { input: blob, encoding: 'utf8' });
  return { source: stdout, messages: stderr };
}
