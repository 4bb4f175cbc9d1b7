import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DeviceTree, writeDtb } from '@trapline/devicetree';

const SCHEMA = fileURLToPath(new URL('../schema', import.meta.url));

/** Whether Debian's dt-validate (package dt-schema) is there. Where CI is set it has to be: its tests then fail. */
export const hasDtValidate: boolean =
  Boolean(process.env.CI) || spawnSync('dt-validate', ['--version']).error === undefined;

/** Why tests with it are skipped. */
export const WITHOUT = 'needs dt-validate: apt-get install dt-schema';

/** What dt-validate finds wrong with a tree, by this package's schemas and the core ones; empty for a right tree. */
export function dtValidate(tree: DeviceTree): string {
  const directory = mkdtempSync(join(tmpdir(), 'trapline-schema-'));
  try {
    const file = join(directory, 'tree.dtb');
    writeFileSync(file, writeDtb(tree));
    const { error, stdout, stderr } = spawnSync('dt-validate', ['-s', SCHEMA, file], { encoding: 'utf8' });
    if (error) throw error;
    return `${stdout}${stderr}`.replaceAll(`${directory}/`, '').replaceAll(`${SCHEMA}/`, '');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What dt-doc-validate finds wrong with a schema itself, other than where the file lies. */
export function docValidate(name: string): string {
  const { error, stdout, stderr } = spawnSync('dt-doc-validate', [join(SCHEMA, name)], { encoding: 'utf8' });
  if (error) throw error;
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !/\$id: relative path|^\texpected: /.test(line))
    .join('\n');
}
