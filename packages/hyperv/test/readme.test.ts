import { readFileSync } from 'node:fs';
import { callTable } from '@trapline/core';
import { abi } from '@trapline/hyperv';
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
  const [, table = ''] = /<!-- calls hyperv -->\n([^<]*)<!-- end -->/.exec(readme) ?? [];
  expect(plain(table)).toBe(plain(callTable(abi)));
});
