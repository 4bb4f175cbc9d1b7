import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../command.js';
import { errorWords } from './error-words.js';

/** A device tree that was asked for, or that lies in a directory that was. */
export interface TreeFile {
  /** As it is shown: the argument, or the path below it. */
  readonly file: string;
  readonly kind: 'file' | 'stdin' | 'unpacked';
}

/** What a directory is searched for. */
const TREE_FILE = /\.(?:dtbo?|dts|dtso)$/;

/** Files that only an unpacked tree has: properties of the root. */
const ROOT_PROPERTIES = ['#address-cells', 'compatible'];

/**
 * What an argument stands for: itself, or every tree below it, in the order of names. `-` is standard input; a
 * directory with a root's properties in it is an unpacked tree, as the kernel shows at /proc/device-tree.
 *
 * Throws {@link CommandError} where there is nothing.
 */
export function findTrees(argument: string): TreeFile[] {
  if (argument === '-') return [{ file: '-', kind: 'stdin' }];
  try {
    if (!statSync(argument).isDirectory()) return [{ file: argument, kind: 'file' }];
    const entries = readdirSync(argument, { withFileTypes: true });
    if (entries.some((entry) => entry.isFile() && ROOT_PROPERTIES.includes(entry.name))) {
      return [{ file: argument, kind: 'unpacked' }];
    }
    const found: TreeFile[] = [];
    collect(argument, entries, found);
    if (found.length > 0) return found;
  } catch (error) {
    throw new CommandError(`${argument}: ${errorWords(error)}`);
  }
  throw new CommandError(`${argument}: no device trees (*.dtb, *.dtbo, *.dts, *.dtso) in this directory`);
}

/** Symbolic links to directories are not followed, so that a circle of them ends. */
function collect(directory: string, entries: readonly Dirent[], into: TreeFile[]): void {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of sorted) {
    const file = join(directory, entry.name);
    if (entry.isDirectory()) collect(file, readdirSync(file, { withFileTypes: true }), into);
    else if (TREE_FILE.test(entry.name) && (entry.isFile() || pointsToFile(file, entry)))
      into.push({ file, kind: 'file' });
  }
}

function pointsToFile(file: string, entry: Dirent): boolean {
  return entry.isSymbolicLink() && statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}
