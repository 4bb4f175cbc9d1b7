import { build } from './build.mjs';
import { command } from './command.mjs';

/** Runs the command line from the tree. */
export function trapline(args) {
  const status = build('packages/cli/tsconfig.lib.json');
  return status === 0 ? command(process.execPath, ['packages/cli/dist/bin.js', ...args]) : status;
}
