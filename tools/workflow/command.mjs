import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './root.mjs';

/** A shell's status for a command that it cannot find. */
const NOT_RUN = 127;

/**
 * Runs a command at the root and gives its exit status. `stdout: 'stderr'` sends what it prints to our standard error,
 * for set-up work in front of a command whose output somebody reads.
 */
export function command(file, args, { stdout = 'inherit', env = {} } = {}) {
  const { status, signal, error } = spawnSync(file, args, {
    cwd: root,
    stdio: ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (error) {
    console.error(`${file}: ${error.code === 'ENOENT' ? 'there is no such program' : error.message}`);
    return NOT_RUN;
  }
  return status ?? 128 + (signal ? constants.signals[signal] : 0);
}
