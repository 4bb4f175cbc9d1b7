import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.mjs';
import { root } from './root.mjs';

/** The native compiler, in a package of its own so that its `tsc` does not mix with TypeScript 6's. */
export const tsc = 'tools/tsc/node_modules/typescript/bin/tsc';

/** Builds the command line and what it stands on, as far as they are out of date. Messages go to standard error. */
export function buildCli() {
  const status = command(process.execPath, [tsc, '-b', 'packages/cli/tsconfig.lib.json'], { stdout: 'stderr' });
  if (status !== 0 || !bundleIsOld()) return status;
  return command(process.execPath, ['tools/bundle/src/main.mjs'], { stdout: 'stderr' });
}

/** Whether any package was compiled after the bundle was made. */
function bundleIsOld() {
  const bundled = mtime('packages/cli/dist/bin.js.map');
  const compiled = readdirSync(join(root, 'packages')).map((name) => mtime(`packages/${name}/dist/.tsbuildinfo`));
  return compiled.some((time) => time > bundled) || mtime('packages/cli/dist/bin.js') > bundled + 1000;
}

function mtime(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
