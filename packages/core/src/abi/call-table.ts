import { type CallDeclaration, hexId, type Interface } from './interface.js';

/** One row of an interface's table of calls: words only, for READMEs, `decode` and docs. */
export interface CallRow {
  readonly name: string;
  readonly ids: readonly string[];
  readonly since: string;
  readonly clause: string;
  readonly summary: string;
  readonly arguments: string;
  readonly results: string;
  readonly errors: string;
}

/** The rows of an interface in the order of its declaration. */
export function callRows(abi: Interface): readonly CallRow[] {
  return abi.all.map((call) => ({
    name: call.name,
    ids: [call.id, call.wideId].flatMap((id) => (id === undefined ? [] : [hexId(id)])),
    since: call.spec.since,
    clause: call.spec.clause,
    summary: call.spec.summary,
    arguments: signature(call.argumentNames, call.argumentTypes),
    results: resultWords(call),
    errors: (call.spec.errors ?? []).join(', '),
  }));
}

/** The table of calls in Markdown, as the packages' READMEs carry it. */
export function callTable(abi: Interface): string {
  const rows = callRows(abi).map(
    (row) =>
      `| \`${row.name}\` | ${row.ids.map((id) => `\`${id}\``).join(' ')} | ${row.since} | ${row.clause} | ${row.arguments} | ${row.results} |`,
  );
  return ['| call | number | since | clause | arguments | results |', '| --- | --- | --- | --- | --- | --- |', ...rows]
    .join('\n')
    .concat('\n');
}

function signature(names: readonly string[], types: CallDeclaration['argumentTypes']): string {
  return names.map((name, i) => `${name}: ${types[i]?.name ?? '?'}`).join(', ');
}

function resultWords(call: CallDeclaration): string {
  if (call.spec.returns === undefined) return 'does not return';
  if (call.resultTypes.length === 0) return 'void';
  return call.resultNames[0] === 'result' && call.resultNames.length === 1
    ? (call.resultTypes[0]?.name ?? '?')
    : signature(call.resultNames, call.resultTypes);
}
