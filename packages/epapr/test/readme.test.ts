import { readFileSync } from 'node:fs';
import { callTable } from '@trapline/core';
import {
  abi,
  DEFAULT_CAPACITY,
  MAX_CAPACITY,
  MAX_CHANNELS,
  MAX_DOORBELLS,
  MAX_INSTRUCTION_BYTES,
  MAX_INTERRUPT,
  MAX_INTERRUPTS,
  MAX_RECEIVED,
} from '@trapline/epapr';
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
  const [, table = ''] = /<!-- calls epapr -->\n([^<]*)<!-- end -->/.exec(readme) ?? [];
  expect(plain(table)).toBe(plain(callTable(abi)));
});

test.for(
  Object.entries({
    DEFAULT_CAPACITY,
    MAX_CAPACITY,
    MAX_CHANNELS,
    MAX_DOORBELLS,
    MAX_INSTRUCTION_BYTES,
    MAX_INTERRUPT,
    MAX_INTERRUPTS,
    MAX_RECEIVED,
  }),
)('README names %s as it is', ([name, value]) => {
  expect(plain(readme)).toContain(`|\`${name}\`|${value.toLocaleString('en-US')}|`);
});
