import { describe, expect, it } from 'vitest';
import { answerSections } from './differences/answers.js';
import { loadColumns } from './differences/columns.js';
import { page } from './differences/page.js';

const file = new URL('../../../docs/where-implementations-differ.md', import.meta.url);

describe('docs/where-implementations-differ.md', () => {
  it('says what recordings and profiles say (vitest -u writes it anew)', async () => {
    await expect(page(await loadColumns())).toMatchFileSnapshot(file.pathname);
  });

  it('lists only rows in which two answers differ', async () => {
    const answers = answerSections(await loadColumns());
    const rows = answers.filter((line) => line.startsWith('| ') && line.replaceAll(/[| -]/g, '') !== '');
    const cells = rows.map((row) =>
      row
        .slice(2, -2)
        .split(' | ')
        .slice(1)
        .map((cell) => cell.trim()),
    );
    const disputed = cells.filter((row) => new Set(row.filter(Boolean)).size > 1);
    expect(disputed.length).toBe(rows.length);
    expect(rows.length).toBeGreaterThan(40);
  });
});
