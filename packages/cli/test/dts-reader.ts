import { execFileSync } from 'node:child_process';

/** A node as dtc's output has it: properties as the text after `=`. */
export interface DtsNode {
  readonly path: string;
  readonly properties: ReadonlyMap<string, string>;
}

/**
 * Reads what `dtc -I dtb -O dts` prints, line by line: an independent reader, which knows dtc's layout and nothing of
 * this project's.
 */
export function readWithDtc(file: string): DtsNode[] {
  const text = execFileSync('dtc', ['-q', '-I', 'dtb', '-O', 'dts', file], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const nodes: DtsNode[] = [];
  const open: { path: string; properties: Map<string, string> }[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const begin = /^(?:[A-Za-z_]\w*:\s*)*(\S+) \{$/.exec(line);
    if (begin) {
      const above = open.at(-1)?.path;
      const path = above === undefined ? '/' : `${above === '/' ? '' : above}/${begin[1]}`;
      const node = { path, properties: new Map<string, string>() };
      nodes.push(node);
      open.push(node);
    } else if (line === '};') open.pop();
    else {
      const property = /^([\w,.+?#*-]+)(?: = (.*))?;$/.exec(line);
      if (property) open.at(-1)?.properties.set(property[1] as string, property[2] ?? '');
    }
  }
  return nodes;
}

/** The strings of a property; `[]` where there is none, undefined where it is no text. */
export function dtsStrings(node: DtsNode, name: string): string[] | undefined {
  const value = node.properties.get(name);
  if (value === undefined) return [];
  if (!/^"[^"]*"$/.test(value)) return undefined;
  return value.slice(1, -1).split('\\0');
}

/** The cells of a property. */
export function dtsCells(node: DtsNode, name: string): bigint[] | undefined {
  const match = /^<(.*)>$/.exec(node.properties.get(name) ?? '');
  return match?.[1]?.split(' ').map((cell) => BigInt(cell));
}
