import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRecordings, readRecordingText } from '@trapline/recordings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

const PSCI = listRecordings()
  .filter((summary) => summary.package === 'psci')
  .map(({ name, calls }) => ({ name, calls }));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trapline-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with a recording of this project, changed. */
async function changed(name: string, change: (text: string) => string): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, change(await readRecordingText('psci-qemu-7.2-hvc')));
  return file;
}

interface Detail {
  readonly scenario: string;
  readonly step: number;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}
interface JsonFile {
  readonly file: string;
  readonly calls: number;
  readonly equal: number;
  readonly different: number;
  readonly skipped: number;
  readonly details: readonly Detail[];
  readonly error?: string;
}

async function json(...argv: string[]): Promise<{ readonly code: number; readonly files: readonly JsonFile[] }> {
  const { code, out } = await trapline(['replay', '--json', ...argv]);
  return { code, files: (JSON.parse(out) as { files: JsonFile[] }).files };
}

describe('trapline replay', () => {
  it.each(PSCI)('answers every call of $name as it was recorded', async ({ name, calls }) => {
    const { code, files } = await json(name);
    expect(files[0]?.details).toEqual([]);
    expect(files).toMatchObject([{ file: name, equal: calls, different: 0, skipped: 0 }]);
    expect(code).toBe(0);
  });

  it('says how many calls were equal, one line a file', async () => {
    const { code, out, err } = await trapline(['replay', 'psci-qemu-7.2-hvc']);
    expect(out).toBe('psci-qemu-7.2-hvc: 917 calls: 917 equal, 0 different, 0 skipped\n');
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('names a difference by scenario, step and register, and fails', async () => {
    const file = await changed('wrong.json', (text) =>
      text.replace('"out": {"x0": "0x10001"}', '"out": {"x0": "0x10002"}'),
    );
    const { code, out } = await trapline(['replay', file]);
    expect(out).toBe(
      `${file}: 917 calls: 916 equal, 1 different, 0 skipped\n  version step 0 (call): x0: expected 0x10002, got 0x10001\n`,
    );
    expect(code).toBe(1);
  });

  it('depends on no id, title or note', async () => {
    const file = await changed('nameless.json', (text) =>
      text.replace(/"(id|title|note)": "(?:[^"\\]|\\.)*"/g, '"$1": ""'),
    );
    expect(await json(file)).toMatchObject({ code: 0, files: [{ equal: 917 }] });
  });

  it('reads standard input', async () => {
    const text = await readRecordingText('psci-qemu-7.2-hvc');
    const { code } = await trapline(['replay', '-'], { stdin: () => new TextEncoder().encode(text) });
    expect(code).toBe(0);
  });

  it('answers as another implementation where it is asked to', async () => {
    const { code, files } = await json('psci-qemu-7.2-hvc', '--profile', 'tf-a');
    const version = files[0]?.details.find(({ what, expected }) => what === 'entry.sctlr' && expected === '0xc50838');
    expect(version).toMatchObject({ scenario: 'cpu-on', step: 3, got: '0x30d00800' });
    expect(code).toBe(1);
  });

  it('skips recordings that nothing here answers, and fails', async () => {
    const file = await changed('other.json', (text) => text.replace('"package": "psci"', '"package": "other"'));
    const { code, out } = await trapline(['replay', file]);
    expect(out).toContain('917 calls: 0 equal, 0 different, 917 skipped\n  56 scenarios skipped: ');
    expect(code).toBe(1);
  });

  it('skips all where there is no such profile, and says which there are', async () => {
    const { code, out } = await trapline(['replay', 'psci-qemu-7.2-hvc', '--profile', 'nobody']);
    expect(out).toMatch(/917 skipped\n {2}56 scenarios skipped: .*nobody.*tf-a/);
    expect(code).toBe(1);
  });

  it('goes on after a file that it cannot read, and fails', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{ "subject": 7 }');
    const { code, err, out } = await trapline(['replay', 'no-such-file', broken, 'psci-qemu-7.2-hvc']);
    expect(err).toBe(
      `trapline: no-such-file: no such file or directory\ntrapline: ${broken}: subject: must be an object, not 7\n`,
    );
    expect(out).toContain('917 equal');
    expect(code).toBe(1);
    const { files } = await json('no-such-file', 'psci-qemu-7.2-hvc');
    expect(files.map(({ calls, error }) => [calls, error])).toEqual([
      [0, 'no such file or directory'],
      [917, undefined],
    ]);
  });

  it('shows a limited number of findings', async () => {
    const { out } = await trapline(['replay', 'psci-qemu-7.2-hvc', '--profile', 'tf-a']);
    expect(out).toMatch(/\n {2}and \d+ more \(--json\)\n$/);
  });

  it('wants a recording', async () => {
    const { code, err } = await trapline(['replay']);
    expect({ code, err }).toEqual({ code: 2, err: 'trapline: replay: name a recording (trapline replay --help)\n' });
  });
});
