import { readFileSync } from 'node:fs';
import { callTable } from '@trapline/core';
import { abi, MAX_CPUS, MAX_POWER_LEVELS } from '@trapline/psci';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** A table without the blanks by which a formatter aligns its columns. */
function plain(table: string): string {
  return table
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
    .trim();
}

test('README’s table of calls is the generated one', () => {
  const [, table = ''] = /<!-- calls psci -->\n([^<]*)<!-- end -->/.exec(readme) ?? [];
  expect(plain(table)).toBe(plain(callTable(abi)));
});

test('README names the limits as they are', () => {
  const rows = plain(readme);
  expect(rows).toContain(`|\`MAX_CPUS\`|${MAX_CPUS.toLocaleString('en-US')}|`);
  expect(rows).toContain(`|\`MAX_POWER_LEVELS\`|${MAX_POWER_LEVELS}|`);
});
