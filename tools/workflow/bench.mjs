import { command } from './command.mjs';

/** Runs all benchmarks, each file in a process of its own. */
export function bench(args) {
  return command(process.execPath, ['tools/bench/src/main.mjs', ...args]);
}
