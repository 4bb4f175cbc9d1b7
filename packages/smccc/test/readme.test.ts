import { readFileSync } from 'node:fs';
import { callTable } from '@trapline/core';
import { STANDARD_INTERFACES } from '@trapline/smccc';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const tables = [...readme.matchAll(/<!-- calls (\S+) -->\n\n?([^<]*?)\n?<!-- end -->/g)];

/** A table without the blanks by which a formatter aligns its columns. */
function plain(table: string): string {
  return table
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
    .trim();
}

test.each(tables.map(([, name = '', text = '']) => [name, text] as const))(
  "README's table of %s is the generated one",
  (name, text) => {
    const abi = STANDARD_INTERFACES.find((one) => one.name === name);
    expect(plain(text)).toBe(plain(abi ? callTable(abi) : 'no such interface'));
  },
);

test('README has a table of every kind of call', () => {
  const kinds = STANDARD_INTERFACES.filter(({ name }) => !name.startsWith('queries-')).map(({ name }) => name);
  expect(tables.map(([, name]) => name).sort()).toEqual([...kinds, 'queries-4'].sort());
});
