import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { CommandError } from '../command.js';

/** Largest stack file that is read, in characters. */
const MAX_STACK_FILE: number = 1 << 20;

/** Most times the aliases of a stack file may be expanded. */
const MAX_ALIASES = 100;

/** A place in a file, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A mistake in a file: where it is, and what to write. */
export function fileError(file: string, place: Place | undefined, problem: string): CommandError {
  return new CommandError(
    place === undefined ? `${file}: ${problem}` : `${file}:${place.line}:${place.column}: ${problem}`,
  );
}

/** YAML read into plain values, with the places of its nodes. */
export interface YamlSource {
  readonly value: unknown;
  /** Where a value stands; of what is not there, where the nearest thing around it stands. */
  placeOf(path: readonly PropertyKey[], part: 'key' | 'value'): Place;
}

/** Parses YAML. Throws `CommandError` with line and column for a mistake of syntax. */
export function readYaml(file: string, text: string): YamlSource {
  if (text.length > MAX_STACK_FILE) {
    throw fileError(file, undefined, `has ${text.length} characters; a stack file has at most ${MAX_STACK_FILE}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw fileError(file, place(problem.pos[0]), problemWords(problem));
  const loose = aliasWithoutAnchor(document);
  if (loose !== undefined)
    throw fileError(file, place(startOf(loose) ?? 0), `*${loose.source} has no &${loose.source} before it`);
  return {
    value: plainOf(file, document),
    placeOf: (path, part) => place(offsetOf(document.contents, path, part)),
  };
}

function problemWords({ code, message }: YAMLError): string {
  return code === 'MULTIPLE_DOCS' ? 'write one document; a second begins here' : firstLine(message);
}

/** The first alias that stands before its anchor, or has none. */
function aliasWithoutAnchor(document: Document): Alias | undefined {
  const anchors = new Set<string>();
  let found: Alias | undefined;
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
      } else if (!anchors.has(node.source)) {
        found = node;
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

function plainOf(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw fileError(file, undefined, firstLine(error instanceof Error ? error.message : String(error)));
  }
}

function offsetOf(contents: Node | null, path: readonly PropertyKey[], part: 'key' | 'value'): number {
  let node: unknown = contents;
  let offset = startOf(contents) ?? 0;
  for (const [index, key] of path.entries()) {
    const last = index === path.length - 1;
    const pair = isMap(node) ? node.items.find((item) => keyOf(item) === String(key)) : undefined;
    if (pair !== undefined && last && part === 'key') return startOf(pair.key) ?? offset;
    node = pair === undefined ? itemOf(node, key) : pair.value;
    const start = startOf(node) ?? startOf(pair?.key);
    if (start === undefined) break;
    offset = start;
  }
  return offset;
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function itemOf(node: unknown, key: PropertyKey): unknown {
  const sequence = node as { get?(key: PropertyKey, keepScalar: true): unknown } | undefined;
  return sequence?.get?.(key, true);
}

function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key);
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined;
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] as string;
}
