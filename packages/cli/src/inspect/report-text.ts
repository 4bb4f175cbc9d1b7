import type { Diagnostic, InspectedCpu, InspectedInterface, TreeInspection } from '@trapline/core/inspection';
import type { Io, Style } from '../io.js';
import { wrap } from './wrap.js';

const HEADINGS = ['interface', 'version', 'conduit', 'driver', 'node'];

/** An inspection for people: a table of the interfaces, each with why and what is wrong; then the CPUs. */
export function textReport(file: string, inspection: TreeInspection, { style, columns }: Io): string {
  const { interfaces, cpus, diagnostics } = inspection;
  const lines = [style('bold', file)];
  if (interfaces.length === 0) lines.push('  no interfaces');
  else {
    const rows = interfaces.map(cells);
    const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)));
    lines.push(style('dim', `  ${pad(HEADINGS, widths)}`));
    interfaces.forEach((found, i) => {
      const [name, ...rest] = pad(rows[i] as string[], widths).split(/(?<=^\S+)(?=\s)/);
      lines.push(`  ${style(['bold', 'cyan'], name as string)}${rest.join('')}`);
      lines.push(...wrap(`${found.why}${aliases(found)}`, 4, columns).map((line) => style('dim', line)));
      for (const finding of found.diagnostics) lines.push(...findingLines(finding, '', style, columns));
    });
  }
  if (cpus.length > 0) lines.push(...wrap(cpuWords(cpus), 2, columns));
  for (const finding of diagnostics) lines.push(...findingLines(finding, `${finding.path}: `, style, columns));
  return `${lines.join('\n')}\n`;
}

function cells(found: InspectedInterface): string[] {
  return [found.interface, found.version ?? '-', found.conduit ?? '-', found.driver ?? '-', found.path];
}

function pad(row: readonly string[], widths: readonly number[]): string {
  return row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] as number) + 2))).join('');
}

function aliases({ compatible }: InspectedInterface): string {
  return compatible.length === 0 ? '' : `; compatible ${compatible.map((name) => `"${name}"`).join(', ')}`;
}

const COLOURS = { error: 'red', warning: 'yellow', info: 'blue' } as const;

function findingLines(finding: Diagnostic, where: string, style: Style, columns: number): string[] {
  const head = `${finding.severity}[${finding.code}]`;
  const lines = wrap(`${head} ${where}${finding.message}`, 4, columns);
  return lines.map((line, i) => (i === 0 ? line.replace(head, style(COLOURS[finding.severity], head)) : line));
}

/** `CPUs: 4, enabled by psci, MPIDR 0x0 0x1 0x100 0x101`. */
function cpuWords(cpus: readonly InspectedCpu[]): string {
  const methods = [...new Set(cpus.map(({ enableMethod }) => enableMethod ?? 'nothing named'))].join(', ');
  const who = cpus.length === 1 ? '1 CPU' : `${cpus.length} CPUs`;
  return `${who}, enabled by ${methods}; MPIDR ${cpus.map(({ mpidr }) => mpidr ?? '?').join(' ')}`;
}
