import { parseArgs } from 'node:util';
import { type Arguments, type Command, CommandError, EXIT, UsageError } from './command.js';
import { commands } from './commands.js';
import { complain, type Io } from './io.js';

/**
 * Runs the tool: finds the subcommand, loads it, gives its exit code. Messages go to `io.err`, one line each.
 *
 * Gives 2 for a command line that cannot be meant, 1 for work that failed, else what the subcommand gives.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    io.err(await toolHelp());
    return EXIT.usage;
  }
  if (name === '--help' || name === '-h' || name === 'help') return help(rest[0], io);
  if (name === '--version' || name === '-V') {
    const { version } = await import('./version.js');
    io.out(`trapline ${version}\n`);
    return EXIT.ok;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) return unknown(name, io);
  try {
    const { command } = await entry.load();
    if (rest.includes('--help') || rest.includes('-h')) {
      io.out(command.help);
      return EXIT.ok;
    }
    return await command.run(parse(command, rest), io);
  } catch (error) {
    return failed(error, name, io);
  }
}

async function help(name: string | undefined, io: Io): Promise<number> {
  if (name === undefined) {
    io.out(await toolHelp());
    return EXIT.ok;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) return unknown(name, io);
  const { command } = await entry.load();
  io.out(command.help);
  return EXIT.ok;
}

async function toolHelp(): Promise<string> {
  const { toolHelpText } = await import('./help.js');
  return toolHelpText();
}

function parse(command: Command, args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: command.options,
      allowPositionals: true,
      strict: true,
    });
    return {
      positionals,
      flag: (name) => values[name] === true,
      value: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      values: (name) => [values[name] ?? []].flat().map(String),
    };
  } catch (error) {
    throw new UsageError(error instanceof Error ? firstSentence(error.message) : String(error));
  }
}

/** node:util appends advice about `--` that fits no command here. */
function firstSentence(message: string): string {
  return message.split(/\. /)[0] as string;
}

function unknown(name: string, io: Io): number {
  const what = name.startsWith('-') ? `unknown option '${name}'` : `unknown command '${name}'`;
  complain(io, `${what}; there are ${Object.keys(commands).join(', ')} (trapline --help)`);
  return EXIT.usage;
}

/** Reports an error in one line. What is no mistake of the user's is thrown on with DEBUG=trapline, for its stack. */
function failed(error: unknown, name: string, io: Io): number {
  if (error instanceof UsageError) {
    complain(io, `${name}: ${error.message} (trapline ${name} --help)`);
    return EXIT.usage;
  }
  if (!(error instanceof CommandError) && process.env.DEBUG === 'trapline') throw error;
  complain(io, `${name}: ${error instanceof Error ? error.message : String(error)}`);
  return EXIT.failure;
}
