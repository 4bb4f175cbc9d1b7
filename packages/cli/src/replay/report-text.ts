import type { Detail, FileReport } from '@trapline/replay';
import type { Io } from '../io.js';

/** Findings shown of one file; `--json` has all. */
const SHOWN_FINDINGS = 40;

/** What came of one file, for people: a line of counts, and one for each finding. */
export function fileText(report: FileReport, { style }: Pick<Io, 'style'>): string {
  const { file, calls, equal, different, skipped, details, omitted } = report;
  const colour = different > 0 ? 'red' : skipped > 0 ? 'yellow' : 'green';
  const counts = `${calls} calls: ${equal} equal, ${different} different, ${skipped} skipped`;
  const wholes = details.filter(({ step }) => step === null);
  const single = details.filter(({ step }) => step !== null);
  const lines = [...wholeScenarios(wholes), ...single.map(findingText)];
  const more = Math.max(0, lines.length - SHOWN_FINDINGS) + omitted;
  const shown = lines.slice(0, SHOWN_FINDINGS);
  if (more > 0) shown.push(`and ${more} more (--json)`);
  return [`${style('bold', file)}: ${style(colour, counts)}`, ...shown.map((line) => `  ${line}`), ''].join('\n');
}

/** Scenarios that could not be played at all: one line for each reason. */
function wholeScenarios(details: readonly Detail[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { reason } of details) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, n]) => `${n} scenario${n === 1 ? '' : 's'} skipped: ${reason}`);
}

function findingText({ verdict, scenario, step, op, what, expected, got, reason }: Detail): string {
  const place = `${scenario} step ${step} (${op})`;
  return verdict === 'skipped' ? `${place}: skipped: ${reason}` : `${place}: ${what}: expected ${expected}, got ${got}`;
}
