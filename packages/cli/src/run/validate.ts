import * as v from 'valibot';
import { fileError, type YamlSource } from './yaml-source.js';

/**
 * Checks a part of a YAML file against a schema.
 *
 * Throws `CommandError` with the place of the first value that does not fit, its path, and what to write instead.
 */
export function validate<Schema extends v.GenericSchema>(
  file: string,
  source: YamlSource,
  path: readonly PropertyKey[],
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const full = [...path, ...(issue.path ?? []).map((item) => item.key as PropertyKey)];
  const key = issue.path?.at(-1)?.origin === 'key' ? 'key' : 'value';
  throw fileError(file, source.placeOf(full, key), `${words(full)}: ${problemOf(issue, schema)}`);
}

/** A path as a person writes it: `guests[0].memory`. */
function words(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}

function problemOf(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const last = issue.path?.at(-1);
  const isObject = issue.type === 'strict_object' || issue.type === 'loose_object';
  if (!isObject || last === undefined) return issue.message;
  if (Array.isArray(last.input)) return 'write a mapping (key: value), not a list';
  const name = String(last.key);
  if (issue.expected !== 'never') return issue.received === 'undefined' ? `'${name}' is missing` : issue.message;
  const known = keysOf(schemaAt(schema, issue.path?.slice(0, -1) ?? []));
  return `'${name}' is not known here; there are ${known.join(', ')}`;
}

interface SchemaParts {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
}

function schemaAt(schema: v.GenericSchema, path: readonly v.IssuePathItem[]): v.GenericSchema {
  return path.reduce((at, { key }) => {
    const parts: SchemaParts = unwrapped(at);
    return parts.item ?? parts.entries?.[String(key)] ?? at;
  }, schema);
}

function unwrapped(schema: v.GenericSchema): SchemaParts {
  const parts = schema as SchemaParts;
  return parts.wrapped === undefined ? parts : unwrapped(parts.wrapped);
}

function keysOf(schema: v.GenericSchema): string[] {
  return Object.keys(unwrapped(schema).entries ?? {});
}
