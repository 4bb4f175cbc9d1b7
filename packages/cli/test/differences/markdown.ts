/** A table as the repository's formatter writes it: cells padded to the width of their column. */
export function codeTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => [...escaped(row[i])].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => pad(cell, widths[i] ?? 0)).join(' | ')} |`;
  return [
    line(head.map(escaped)),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...rows.map((row) => line(row.map(escaped))),
  ];
}

function escaped(cell = ''): string {
  return cell.replaceAll('|', '\\|');
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - [...cell].length));
}
