import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';

const tool = fileURLToPath(new URL('../tools/pack.mjs', import.meta.url));
const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'trapline-pack-'));
  folders.push(made);
  return made;
}

function sources(recorders: readonly string[], text: string): string {
  const source = folder();
  for (const recorder of recorders) {
    mkdirSync(join(source, 'recorders', recorder), { recursive: true });
    writeFileSync(join(source, 'recorders', recorder, 'NOTES.md'), `notes of ${recorder}`);
  }
  writeFileSync(join(source, 'xen-9.9-two-domains.json'), text);
  return source;
}

interface Packed {
  readonly catalogue: readonly { readonly calls: number; readonly load: () => Promise<{ readonly gzip: string }> }[];
}

const text = `{ "subject": {"package": "xen", "profile": "xen-9.9", "options": {}}, "oracle": "o", "recorded": "r",
  "environment": {}, "scenarios": [{"id": "a", "fresh": true, "steps": [{"op": "call"}, {"op": "mem"}]}],
  "big": 1795347865016030176, "word": "ü" }\n`;

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true });
});

describe('tools/pack.mjs', () => {
  it('keeps every byte, counts the calls, and takes the notes of the recorder that fits best', async () => {
    const source = sources(['xen', 'xen-two-domains', 'kvm'], text);
    const target = folder();
    execFileSync(process.execPath, [tool, source, target]);
    const index = join(target, 'data', 'index.js');
    writeFileSync(join(target, 'package.json'), '{"type":"module"}');
    const { catalogue } = (await import(pathToFileURL(index).href)) as Packed;
    expect(catalogue).toMatchObject([
      { name: 'xen-9.9-two-domains', calls: 1, steps: 2, notes: 'data/notes/xen-two-domains.md' },
    ]);
    const { gzip } = (await catalogue[0]?.load()) ?? { gzip: '' };
    expect(gunzipSync(Buffer.from(gzip, 'base64')).toString('utf8')).toBe(text);
    expect(readFileSync(join(target, 'data', 'notes', 'xen-two-domains.md'), 'utf8')).toBe('notes of xen-two-domains');
  });

  it('writes the same bytes each time', () => {
    const source = sources(['xen'], text);
    const [first, second] = [folder(), folder()];
    for (const target of [first, second]) execFileSync(process.execPath, [tool, source, target]);
    const name = join('data', 'xen-9.9-two-domains.js');
    expect(readFileSync(join(first, name), 'utf8')).toBe(readFileSync(join(second, name), 'utf8'));
  });

  it('refuses a recording without notes', () => {
    const run = () => execFileSync(process.execPath, [tool, sources(['kvm'], text), folder()], { stdio: 'pipe' });
    expect(run).toThrow(/notes/);
  });
});
