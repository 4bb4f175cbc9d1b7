import { join } from 'node:path';
import { command } from './command.mjs';
import { installNew } from './install.mjs';

/** Writes the package of a new backend, and links it into the workspace. */
export function generate(args) {
  const status = command(join('node_modules/.bin', 'nx'), ['generate', '@trapline/tools:backend', ...args]);
  if (status === 0) installNew();
  return status;
}
