import { buildCli } from './build.mjs';
import { command } from './command.mjs';

/** Runs the command line from the tree. */
export function trapline(args) {
  const status = buildCli();
  return status === 0 ? command(process.execPath, ['packages/cli/dist/bin.js', ...args]) : status;
}
