import type { DeviceTreeNode } from '@trapline/devicetree';
import { BINDINGS, type Binding } from './bindings.js';
import { type Diagnostic, diagnostic } from './diagnostics.js';
import { isNewer } from './version.js';

/** What a node's compatible strings say it is. */
export interface Recognised {
  readonly binding: Binding;
  readonly version: string | null;
}

const exact: ReadonlyMap<string, Binding> = new Map(
  BINDINGS.flatMap((binding) => binding.compatible.filter((c) => !c.endsWith('*')).map((c) => [c, binding] as const)),
);

const prefixes: readonly (readonly [string, Binding])[] = BINDINGS.flatMap((binding) =>
  binding.compatible.filter((c) => c.endsWith('*')).map((c) => [c.slice(0, -1), binding] as const),
);

/** The binding that a compatible string belongs to. */
function bindingOf(compatible: string): Binding | undefined {
  const binding = exact.get(compatible);
  if (binding !== undefined) return binding;
  for (const [prefix, candidate] of prefixes) if (compatible.startsWith(prefix)) return candidate;
  return undefined;
}

/** What the table's compatible strings begin with, by their first byte. */
const stems: ReadonlyMap<number, readonly string[]> = stemsByFirstByte([
  ...exact.keys(),
  ...prefixes.map(([stem]) => stem),
]);

function stemsByFirstByte(all: readonly string[]): Map<number, string[]> {
  const grouped = new Map<number, string[]>();
  for (const stem of all) {
    const first = stem.charCodeAt(0);
    grouped.set(first, [...(grouped.get(first) ?? []), stem]);
  }
  return grouped;
}

/**
 * Whether the value of `compatible` can name a known interface at all. Looks at bytes: most nodes are none, and making
 * strings of all their names takes longer than the rest of an inspection.
 */
export function mayBeInterface(compatible: Uint8Array): boolean {
  for (let at = 0; at < compatible.length; ) {
    const candidates = stems.get(compatible[at] as number);
    if (candidates?.some((stem) => beginsWith(compatible, at, stem))) return true;
    const end = compatible.indexOf(0, at);
    if (end < 0) return false;
    at = end + 1;
  }
  return false;
}

function beginsWith(value: Uint8Array, at: number, stem: string): boolean {
  for (let i = 0; i < stem.length; i++) if (value[at + i] !== stem.charCodeAt(i)) return false;
  return true;
}

/** The compatible strings of a node; empty where there are none or they cannot be read. */
export function compatibleOf(node: DeviceTreeNode): readonly string[] {
  const property = node.property('compatible');
  return property?.isStrings === true ? property.strings() : [];
}

/** The interface of a node: that of its first compatible string which is known, with the first version any names. */
export function recognise(compatible: readonly string[]): Recognised | undefined {
  for (const name of compatible) {
    const binding = bindingOf(name);
    if (binding !== undefined) return { binding, version: firstVersion(binding, compatible) };
  }
  return undefined;
}

/** What is notable about the compatible strings themselves. */
export function checkCompatible({ binding, version }: Recognised, compatible: readonly string[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const others = new Set(compatible.map(bindingOf).filter((other) => other && other.interface !== binding.interface));
  for (const other of others) {
    found.push(
      diagnostic(
        'several-interfaces',
        `compatible names ${binding.interface} and ${other?.interface}; the first counts`,
      ),
    );
  }
  for (const name of compatible) {
    const spelt = spelling(binding, name);
    if (spelt !== undefined && !/^\d+(\.\d+)+$/.test(spelt)) {
      found.push(diagnostic('version-unreadable', `"${name}" names no version that can be read; write it as 1.2`));
    }
  }
  if (version === null) return found;
  if (binding.newest !== undefined && isNewer(version, binding.newest)) {
    found.push(
      diagnostic(
        'version-newer',
        `${binding.interface} ${version} is newer than ${binding.newest}, the newest known here`,
      ),
    );
  }
  if (binding.interface === 'xen' && spelling(binding, compatible[0] ?? '') === undefined) {
    found.push(
      diagnostic('version-not-first', `Linux reads the version from the first string; move "xen,xen-${version}" there`),
    );
  }
  if (binding.interface === 'psci' && !compatible.some((name) => linuxPsci.has(name))) {
    found.push(
      diagnostic('no-fallback', `Linux matches ${[...linuxPsci].join(', ')} only; add "arm,psci-1.0" as a fallback`),
    );
  }
  return found;
}

/** drivers/firmware/psci/psci.c, psci_of_match. */
const linuxPsci: ReadonlySet<string> = new Set(['arm,psci', 'arm,psci-0.2', 'arm,psci-1.0']);

function firstVersion(binding: Binding, compatible: readonly string[]): string | null {
  for (const name of compatible) {
    const version = binding.versions?.[name] ?? spelling(binding, name);
    if (version !== undefined && /^\d/.test(version)) return version;
  }
  return null;
}

/** What stands where a compatible string of the binding spells its version. */
function spelling(binding: Binding, name: string): string | undefined {
  const prefix = binding.versionAfter;
  return prefix !== undefined && name.startsWith(prefix) && bindingOf(name) === binding
    ? name.slice(prefix.length)
    : undefined;
}
