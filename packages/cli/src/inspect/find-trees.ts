import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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
 * `fail` hears of directories that cannot be read, and of those with nothing in them.
 */
export function findTrees(argument: string, fail: (file: string, message: string) => void): TreeFile[] {
  if (argument === '-') return [{ file: '-', kind: 'stdin' }];
  const found: TreeFile[] = [];
  let failed = false;
  const search = (directory: string): void => {
    try {
      const entries = readdirSync(directory, { withFileTypes: true });
      if (directory === argument && entries.some(isRootProperty)) found.push({ file: argument, kind: 'unpacked' });
      else collect(directory, entries, found, search);
    } catch (error) {
      failed = true;
      fail(directory, errorWords(error));
    }
  };
  if (!isDirectory(argument)) return [{ file: argument, kind: 'file' }];
  search(argument);
  if (found.length === 0 && !failed) fail(argument, 'no device trees (*.dtb, *.dtbo, *.dts, *.dtso) in this directory');
  return found;
}

/** Symbolic links to directories are not followed, so that a circle of them ends. */
function collect(
  directory: string,
  entries: readonly Dirent[],
  into: TreeFile[],
  search: (directory: string) => void,
): void {
  for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(directory, entry.name);
    if (entry.isDirectory()) search(file);
    else if (TREE_FILE.test(entry.name) && !isDirectory(file)) into.push({ file, kind: 'file' });
  }
}

function isRootProperty(entry: Dirent): boolean {
  return entry.isFile() && ROOT_PROPERTIES.includes(entry.name);
}

/** What is not there is no directory: reading it says why. */
function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
