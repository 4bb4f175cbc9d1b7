import type { Io } from './io.js';

/** Exit codes: everything fine; something was found or failed; the command line was wrong. */
export const EXIT: { readonly ok: 0; readonly failure: 1; readonly usage: 2 } = { ok: 0, failure: 1, usage: 2 };

/** What a command understands besides its arguments: `--NAME`, or `--NAME VALUE` for a string, once or several times. */
export type Options = Readonly<Record<string, { readonly type: 'boolean' | 'string'; readonly multiple?: true }>>;

/** What stood on the command line. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Whether a flag was given. */
  flag(name: string): boolean;
  /** The value of an option. */
  value(name: string): string | undefined;
  /** The values of an option that may be given several times. */
  values(name: string): readonly string[];
}

/** One subcommand; its module is loaded only when it is asked for. */
export interface Command {
  /** What `trapline COMMAND --help` prints. */
  readonly help: string;
  readonly options: Options;
  /** Does the work and gives the exit code. */
  run(args: Arguments, io: Io): number | Promise<number>;
}

/** A command line that cannot be meant: reported in one line, with the way to the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Work that could not be done: reported in one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
