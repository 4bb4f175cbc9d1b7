import { command } from './command.mjs';

/** The native compiler, in a package of its own so that its `tsc` does not mix with TypeScript 6's. */
export const tsc = 'tools/tsc/node_modules/typescript/bin/tsc';

/** Builds projects and what they stand on, as far as they are out of date. Messages go to standard error. */
export function build(...projects) {
  return command(process.execPath, [tsc, '-b', ...projects], { stdout: 'stderr' });
}
