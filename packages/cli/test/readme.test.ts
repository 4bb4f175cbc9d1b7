import { readFileSync } from 'node:fs';
import { BINDINGS, DIAGNOSTICS } from '@trapline/core/inspection';
import { describe, expect, it } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The cells of every table row whose first cell is code. */
const rows = [...readme.matchAll(/^\| `.*\|$/gm)].map(([line]) =>
  line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim()),
);

describe('the README', () => {
  it('lists every diagnostic with its severity and meaning', () => {
    const listed = rows.filter(([, severity]) => ['error', 'warning', 'info'].includes(severity as string));
    expect(listed).toEqual(
      Object.entries(DIAGNOSTICS).map(([code, { severity, meaning }]) => [`\`${code}\``, severity, meaning]),
    );
  });

  it('lists every binding with its interface', () => {
    const names = new Set(BINDINGS.map((binding) => binding.interface));
    const listed = rows.filter(([, name]) => names.has(name as string)).map((row) => row.slice(0, 2));
    expect(listed).toEqual(
      BINDINGS.map((binding) => [binding.compatible.map((name) => `\`${name}\``).join(', '), binding.interface]),
    );
  });
});
