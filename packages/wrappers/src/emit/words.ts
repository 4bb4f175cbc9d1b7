import type { InterfacePlan, PlannedCall } from '../interface/plan.js';

/** Width of comments. */
const COLUMNS = 92;

/** Breaks text into lines. */
export function wrapWords(text: string, columns: number = COLUMNS): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** The interface's document without the name that may follow it: "DEN0022 F.b" of "DEN0022 F.b, PSCI 1.3". */
function documentOf(plan: InterfacePlan): string {
  return plan.abi.source.split(', ')[0] as string;
}

/** What a call is, in sentences: summary, where it is defined, what it may return. */
export function callWords(plan: InterfacePlan, call: PlannedCall): readonly string[] {
  const { spec } = call.declaration;
  const errors = spec.errors ?? [];
  return [
    ...wrapWords(spec.summary),
    `${documentOf(plan)}, ${spec.clause}; since ${spec.since}.`,
    ...(errors.length > 0 ? wrapWords(`Errors: ${errors.join(', ')}.`) : []),
  ];
}

/** The first lines of every file. */
export function headWords(plan: InterfacePlan, what: string): readonly string[] {
  return [
    `${plan.abi.title}, by ${plan.options.conduit.toUpperCase()}: ${what}`,
    '',
    `After ${plan.abi.source}. Written by trapline from the declared interface "${plan.abi.name}".`,
  ];
}

/** `name` and `value` in columns. */
export function columns(rows: readonly (readonly [string, string])[], gap = 2): readonly string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length)) + gap;
  return rows.map(([name, value]) => name.padEnd(width) + value);
}
