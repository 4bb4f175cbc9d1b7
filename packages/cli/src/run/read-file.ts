import { readFileSync } from 'node:fs';
import { type DeviceTree, DeviceTreeError } from '@trapline/devicetree';
import { CommandError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';
import { readTree } from '../inspect/read-tree.js';

/** Reads a device tree of any form. Throws `CommandError` that names the file. */
export async function readTreeFile(file: string): Promise<DeviceTree> {
  try {
    return await readTree({ file, kind: 'file' }, { stdin: () => new Uint8Array() });
  } catch (error) {
    throw new CommandError(`${file}: ${wordsOf(error)}`);
  }
}

/** Reads a text. Throws `CommandError` that names the file. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${errorWords(error)}`);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof DeviceTreeError ? error.message : errorWords(error);
}
