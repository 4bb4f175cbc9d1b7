import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import {
  listRecordings,
  loadRecording,
  parseRecording,
  RecordingError,
  type RecordingName,
  readRecordingText,
} from '@trapline/recordings';
import { describe, expect, it } from 'vitest';

const golden = env.TRAPLINE_GOLDEN;
const home = new URL('..', import.meta.url);

describe('the list of recordings', () => {
  it('names thirteen recordings of PSCI, KVM and Xen, each once', () => {
    const summaries = listRecordings();
    expect(new Set(summaries.map(({ name }) => name)).size).toBe(13);
    expect(new Set(summaries.map((summary) => summary.package))).toEqual(new Set(['psci', 'kvm', 'xen']));
  });

  it('points to notes that this package holds', () => {
    for (const { notes } of listRecordings()) {
      expect(readFileSync(new URL(notes, home), 'utf8').length).toBeGreaterThan(1000);
    }
  });

  it('is the table of README.md, with the number of calls', () => {
    const rows = [...readFileSync(new URL('README.md', home), 'utf8').matchAll(/^\| `([^`]+)` *\|.*\| *(\d+) *\|$/gm)];
    const table = rows.map(([, name, calls]) => [name, Number(calls)] as const);
    expect(new Map(table)).toEqual(new Map(listRecordings().map(({ name, calls }) => [name, calls])));
  });

  it('refuses a name that it does not list, and says which it has', async () => {
    const wrong = 'psci-tf-a' as RecordingName;
    await expect(loadRecording(wrong)).rejects.toThrow(RecordingError);
    await expect(readRecordingText(wrong)).rejects.toThrow(/psci-tfa-default/);
  });
});

describe.each(listRecordings())('$name', (summary) => {
  it('unpacks to the bytes whose digest its list entry gives', async () => {
    const text = new TextEncoder().encode(await readRecordingText(summary.name));
    expect(text.length).toBe(summary.bytes);
    expect(createHash('sha256').update(text).digest('hex')).toBe(summary.sha256);
  });

  it('is the document that its list entry counts', async () => {
    const { subject, oracle, recorded, scenarios } = await loadRecording(summary.name);
    const steps = scenarios.flatMap((scenario) => scenario.steps);
    expect({ package: subject.package, profile: subject.profile, oracle, recorded }).toEqual({
      package: summary.package,
      profile: summary.profile,
      oracle: summary.oracle,
      recorded: summary.recorded,
    });
    expect(scenarios.length).toBe(summary.scenarios);
    expect(steps.length).toBe(summary.steps);
    expect(steps.filter(({ op }) => op === 'call').length).toBe(summary.calls);
  });

  it('passes the checks that other files have to pass', async () => {
    expect(parseRecording(await readRecordingText(summary.name))).toEqual(await loadRecording(summary.name));
  });

  it.skipIf(golden === undefined)('equals its source byte for byte (TRAPLINE_GOLDEN names the folder)', async () => {
    const source = readFileSync(join(golden ?? '', `${summary.name}.json`));
    expect(Buffer.from(await readRecordingText(summary.name), 'utf8').equals(source)).toBe(true);
  });
});

it.skipIf(golden === undefined)('leaves out no recording of the source folder (TRAPLINE_GOLDEN)', () => {
  const files = readdirSync(golden ?? '').filter((file) => file.endsWith('.json'));
  expect(listRecordings().map(({ name }) => `${name}.json`)).toEqual(files.sort());
});
