import { DIRLIST_NAME, HYPFS_TYPES, xenHypfsDirentry, xenHypfsDirlistentry } from '../abi/structures/hypfs.js';
import type { XenProfile } from '../profile.js';
import type { HostDescription } from './host-description.js';

/** An entry of Xen's file system of parameters. */
export interface HypfsEntry {
  readonly name: string;
  readonly type: number;
  /** The size that is told; that of the content where absent. */
  readonly size?: number;
  /** Most bytes that may be written; 0 for what cannot be. */
  readonly maxSize: number;
  readonly content: Uint8Array;
  readonly entries?: readonly HypfsEntry[];
}

/** Most bytes of a parameter, the zero at the end counted (include/xen/param.h). */
const PARAMETER_BYTES = 32;
const NAME_ALIGNMENT = 4;

/** The tree: `buildinfo`, `cpupool` and `params` (common/kernel.c, common/sched/cpupool.c), each directory sorted. */
export function hypfsOf(profile: XenProfile, host: HostDescription): HypfsEntry {
  const version = directory('version', [
    text('extra', host.extraVersion),
    uint('major', profile.version.major),
    uint('minor', profile.version.minor),
  ]);
  const compileinfo = directory('compileinfo', [
    text('compile_by', host.compiledBy),
    text('compile_date', host.compileDate),
    text('compile_domain', host.compileDomain),
    text('compiler', host.compiler),
  ]);
  const params = Object.entries(host.parameters).map(([name, value]) => text(name, value, PARAMETER_BYTES));
  const pools = directory('cpupool', [directory('0', [text('sched-gran', 'cpu', PARAMETER_BYTES)])]);
  return directory('', [
    directory('buildinfo', [text('changeset', host.changeset), compileinfo, text('config', ''), version]),
    // The size that Xen tells of this directory takes its own name for those inside.
    { ...pools, size: entryBytes('cpupool') },
    directory('params', params),
  ]);
}

/** The entry at a path that begins with a slash; undefined where there is none. */
export function findEntry(root: HypfsEntry, path: string): HypfsEntry | undefined {
  let at: HypfsEntry | undefined = root;
  for (const name of path.slice(1).split('/')) {
    if (name === '' && at?.entries !== undefined) continue;
    at = at?.entries?.find((entry) => entry.name === name);
  }
  return at;
}

/** What precedes an entry's content. */
export function direntryOf(entry: HypfsEntry): Uint8Array {
  return xenHypfsDirentry.encode(headerOf(entry));
}

function headerOf({ type, size, content, maxSize }: HypfsEntry) {
  return { type, contentLen: size ?? content.length, maxWriteLen: maxSize };
}

function directory(name: string, entries: readonly HypfsEntry[]): HypfsEntry {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, type: HYPFS_TYPES.dir, maxSize: 0, content: listOf(sorted), entries: sorted };
}

function text(name: string, value: string, maxSize: number = 0): HypfsEntry {
  return { name, type: HYPFS_TYPES.string, maxSize, content: new TextEncoder().encode(`${value}\0`) };
}

function uint(name: string, value: number): HypfsEntry {
  return {
    name,
    type: HYPFS_TYPES.uint,
    maxSize: 0,
    content: Uint8Array.of(value, value >> 8, value >> 16, value >> 24),
  };
}

function listOf(entries: readonly HypfsEntry[]): Uint8Array {
  const list = new Uint8Array(entries.reduce((sum, { name }) => sum + entryBytes(name), 0));
  let offset = 0;
  entries.forEach((entry, i) => {
    const length = entryBytes(entry.name);
    const offNext = i === entries.length - 1 ? 0 : length;
    list.set(xenHypfsDirlistentry.encode({ e: headerOf(entry), offNext }).subarray(0, DIRLIST_NAME), offset);
    list.set(new TextEncoder().encode(entry.name), offset + DIRLIST_NAME);
    offset += length;
  });
  return list;
}

function entryBytes(name: string): number {
  return DIRLIST_NAME + Math.ceil((name.length + 1) / NAME_ALIGNMENT) * NAME_ALIGNMENT;
}
