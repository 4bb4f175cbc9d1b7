import { type Profile, profileOf } from '@trapline/psci';
import { codeTable } from './markdown.js';

const COLUMNS = ['spec', 'tf-a', 'tf-a-full', 'qemu-7.2'] as const;

/** What the profiles of PSCI say differently, field by field. */
export function profileSection(): readonly string[] {
  const profiles = COLUMNS.map((profile) => new Map(fieldsOf(profileOf({ profile }))));
  const names = [...new Set(profiles.flatMap((fields) => [...fields.keys()]))];
  const rows = names.map((name) => [`\`${name}\``, ...profiles.map((fields) => fields.get(name) ?? '')]);
  const different = rows.filter(([, ...values]) => new Set(values).size > 1);
  return codeTable(['', ...COLUMNS.map((name) => `\`${name}\``)], different);
}

/** Fields whose values are long lists; the calls themselves show them. */
const LEFT_OUT = new Set(['name', 'levels', 'calls', 'topology', 'contains']);

function fieldsOf(value: Profile): [string, string][] {
  return Object.entries(value).flatMap(([name, field]) => (LEFT_OUT.has(name) ? [] : flat(name, field)));
}

function flat(path: string, value: unknown): [string, string][] {
  if (Array.isArray(value)) return [[path, listWords(value)]];
  if (typeof value !== 'object' || value === null) return [[path, words(path, value)]];
  return Object.entries(value).flatMap(([name, field]) => flat(`${path}.${name}`, field));
}

function listWords(list: readonly unknown[]): string {
  const named = list.map((item) =>
    typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : JSON.stringify(item),
  );
  return named.join(', ') || 'none';
}

const HEXADECIMAL = /sctlr|Reserved$|Bits$|waitUnless|legacyIds/;

function words(path: string, value: unknown): string {
  if (typeof value !== 'number' || !HEXADECIMAL.test(path) || /selectorBits|levelBits/.test(path)) return String(value);
  return `0x${(value >>> 0).toString(16)}`;
}
