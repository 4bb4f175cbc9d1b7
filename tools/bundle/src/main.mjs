import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const dist = join(root, 'packages/cli/dist');
const { dependencies } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8'));

/**
 * Puts the command line's built entry and what it loads lazily into a few flat files: reading a hundred small modules
 * takes node longer than reading a device tree. Other packages' code stays outside.
 */
for (const name of await readdir(dist)) {
  if (name.startsWith('chunk-')) await rm(join(dist, name));
}
await build({
  entryPoints: [join(root, 'packages/cli/src/bin.ts')],
  outdir: dist,
  entryNames: '[name]',
  chunkNames: 'chunk-[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['@trapline/source'],
  external: Object.keys(dependencies).filter((name) => !name.startsWith('@trapline/')),
  sourcemap: true,
  logLevel: 'error',
});
