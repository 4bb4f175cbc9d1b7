import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const generated = fileURLToPath(new URL('../.generated', import.meta.url));

interface Example {
  readonly title: string;
  readonly file: string;
  readonly code: string;
}

/** Every fenced `ts` block of a Markdown file; the line number makes the title. A block marked `ts no-run` is left out. */
function examplesIn(path: string): Example[] {
  const text = readFileSync(path, 'utf8');
  const name = relative(root, path);
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    const file = join(generated, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${line}.ts`);
    return { title: `${name}:${line}`, file, code: match[1] as string };
  });
}

function markdownFiles(): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'README.md'));
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [join(root, 'README.md'), ...packages, ...docs.map((name) => join(root, 'docs', name))];
}

const examples = markdownFiles().flatMap(examplesIn);

describe('examples run as they are written', () => {
  beforeAll(() => {
    rmSync(generated, { recursive: true, force: true });
    mkdirSync(generated, { recursive: true });
    for (const { file, code } of examples) writeFileSync(file, code);
  });

  test.for(examples)('$title', async ({ file }) => {
    await import(/* @vite-ignore */ file);
  });
});
