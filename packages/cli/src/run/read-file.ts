import type { DeviceTree } from '@trapline/devicetree';
import { CommandError } from '../command.js';
import { errorWords, failureWords } from '../inspect/error-words.js';
import { findTrees } from '../inspect/find-trees.js';
import { readTree } from '../inspect/read-tree.js';
import type { Io } from '../io.js';
import { readInput } from '../read-input.js';

/** Reads a device tree of any form, `-` from standard input. Throws `CommandError` that names the file. */
export async function readTreeFile(file: string, io: Pick<Io, 'stdin'>): Promise<DeviceTree> {
  const trees = findTrees(file, (where, message) => {
    throw new CommandError(`${where}: ${message}`);
  });
  const [tree] = trees;
  if (tree === undefined || trees.length > 1) throw new CommandError(`${file}: holds ${trees.length} trees; name one`);
  try {
    return await readTree(tree, io);
  } catch (error) {
    throw new CommandError(failureWords(file, errorWords(error)));
  }
}

/** Reads a text. Throws `CommandError` that names the file. */
export function readText(file: string): string {
  try {
    return new TextDecoder().decode(readInput(file));
  } catch (error) {
    throw new CommandError(failureWords(file, errorWords(error)));
  }
}
