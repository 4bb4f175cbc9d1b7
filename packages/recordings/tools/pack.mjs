#!/usr/bin/env node
/**
 * Makes the package's data from a folder of recordings: `node tools/pack.mjs FOLDER [PACKAGE]`.
 *
 * FOLDER holds `*.json` in the format that README.md describes and the recorders' notes in
 * `recorders/NAME/NOTES.md`. Each file becomes one module with its bytes as they are, gzipped and in base64, so that
 * bundlers, browsers and Node.js load it alike; `data/index.js` lists them. Written is `data/` of PACKAGE, which is this
 * package where absent; the notes go to `data/notes/`. The output depends on the input only.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { argv, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Where RFC 1952 keeps the operating system; 255 is "unknown", so that every machine writes the same bytes. */
const GZIP_OS_BYTE = 9;

function pack(bytes) {
  const packed = gzipSync(bytes, { level: 9 });
  packed[GZIP_OS_BYTE] = 255;
  return packed.toString('base64');
}

/** The recorder whose name's parts all occur in the file's name; the most specific one of several. */
function recorderOf(name, recorders) {
  const parts = new Set(name.split('-'));
  const fitting = recorders.filter((recorder) => recorder.split('-').every((part) => parts.has(part)));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function entryOf(folder, file, recorders) {
  const bytes = readFileSync(join(folder, file));
  const recording = JSON.parse(bytes.toString('utf8'));
  const name = basename(file, '.json');
  const recorder = recorderOf(name, recorders);
  if (recorder === undefined)
    throw new Error(`${file}: no recorder's notes fit this name; add recorders/NAME/NOTES.md`);
  const steps = recording.scenarios.flatMap((scenario) => scenario.steps);
  const about = {
    name,
    package: recording.subject.package,
    profile: recording.subject.profile,
    oracle: recording.oracle,
    recorded: recording.recorded,
    scenarios: recording.scenarios.length,
    steps: steps.length,
    calls: steps.filter((step) => step.op === 'call').length,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    notes: `data/notes/${recorder}.md`,
  };
  return { name, about, packed: pack(bytes) };
}

function indexOf(entries) {
  const rows = entries.map(({ name, about }) => {
    const fields = Object.entries(about).map(([key, value]) => `    ${key}: ${JSON.stringify(value)},`);
    return `  {\n${fields.join('\n')}\n    load: () => import('./${name}.js'),\n  },`;
  });
  return `export const catalogue = [\n${rows.join('\n')}\n];\n`;
}

function typesOf(entries) {
  const names = entries.map(({ name }) => `  | '${name}'`).join('\n');
  return `export type RecordingName =\n${names};
export interface CatalogueRow {
  readonly name: RecordingName;
  readonly package: string;
  readonly profile: string;
  readonly oracle: string;
  readonly recorded: string;
  readonly scenarios: number;
  readonly steps: number;
  readonly calls: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly notes: string;
  readonly load: () => Promise<{ readonly gzip: string }>;
}
export declare const catalogue: readonly CatalogueRow[];
`;
}

function emptied(home, name) {
  const folder = join(home, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

const [, , folder, home = fileURLToPath(new URL('..', import.meta.url))] = argv;
if (folder === undefined) {
  stderr.write('usage: node tools/pack.mjs FOLDER [PACKAGE]\n');
  process.exitCode = 2;
} else {
  const recorders = readdirSync(join(folder, 'recorders')).sort();
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const entries = files.sort().map((file) => entryOf(folder, file, recorders));
  const data = emptied(home, 'data');
  const notes = emptied(data, 'notes');
  for (const { name, packed } of entries) {
    writeFileSync(join(data, `${name}.js`), `export const gzip =\n  '${packed}';\n`);
  }
  writeFileSync(join(data, 'index.js'), indexOf(entries));
  writeFileSync(join(data, 'index.d.ts'), typesOf(entries));
  for (const recorder of recorders) {
    writeFileSync(join(notes, `${recorder}.md`), readFileSync(join(folder, 'recorders', recorder, 'NOTES.md')));
  }
  const size = entries.reduce((sum, { packed }) => sum + packed.length, 0);
  stdout.write(`${entries.length} recordings, ${size} bytes packed\n`);
}
