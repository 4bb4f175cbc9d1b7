import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Bundles every `packages/NAME/bench/*.bench.ts` from the sources into a file that node runs as it is. */
export async function bundle() {
  const sources = await benchFiles();
  const outdir = join(root, '.cache/bench');
  await build({
    entryPoints: sources.map((source) => ({ in: join(root, source), out: nameOf(source) })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@trapline/source'],
    logLevel: 'error',
  });
  return sources.map((source) => ({ name: nameOf(source), file: join(outdir, `${nameOf(source)}.mjs`) }));
}

function nameOf(source) {
  return `${basename(dirname(dirname(source)))}/${basename(source, '.bench.ts')}`;
}

async function benchFiles() {
  const files = [];
  for (const name of await readdir(join(root, 'packages'))) {
    const entries = await readdir(join(root, 'packages', name, 'bench')).catch(() => []);
    for (const entry of entries) if (entry.endsWith('.bench.ts')) files.push(`packages/${name}/bench/${entry}`);
  }
  return files.sort();
}
