import { makeSymbolic } from '@trapline/epapr/node';
import { CommandError, EXIT } from '../command.js';
import { complain, type Io } from '../io.js';
import { errorWords, failureWords } from './error-words.js';
import { findTrees } from './find-trees.js';
import { readTree } from './read-tree.js';

/**
 * Prints a tree as DTS source, its ePAPR nodes rewritten: `method` in place of machine instructions. What was done, and
 * what could not be, is said on standard error; the exit code tells whether anything was left.
 *
 * Throws {@link CommandError} for a file that cannot be read, and for anything but one.
 */
export async function fix(argument: string, io: Io): Promise<number> {
  const [file, ...others] = findTrees(argument, (name, message) => {
    throw new CommandError(`${name}: ${message}`);
  });
  if (file === undefined || others.length > 0) throw new CommandError(`${argument}: --fix rewrites one tree at a time`);
  const { writeDts } = await import('@trapline/devicetree/dts');
  const tree = await readTree(file, io).catch((error: unknown) => {
    throw new CommandError(failureWords(file.file, errorWords(error)));
  });
  const conversions = makeSymbolic(tree);
  for (const conversion of conversions) {
    complain(io, conversion.done ? rewritten(conversion) : `${conversion.path}: left as it is: ${conversion.why}`);
  }
  if (conversions.length === 0) complain(io, `${file.file}: no node with machine instructions`);
  io.out(writeDts(tree));
  return conversions.every(({ done }) => done) ? EXIT.ok : EXIT.failure;
}

function rewritten(conversion: {
  readonly path: string;
  readonly conduit: string;
  readonly immediate: number;
}): string {
  const { path, conduit, immediate } = conversion;
  const more = immediate === 0 ? '' : `, trapline,immediate = <0x${immediate.toString(16)}>`;
  return `${path}: method = "${conduit}"${more} in place of machine instructions`;
}
