import { commands } from './commands.js';

/** What `trapline --help` prints. */
export function toolHelpText(): string {
  const usages = Object.values(commands).map(({ usage }) => usage.length);
  const width = Math.max(...usages) + 2;
  const rows = Object.values(commands).map(({ usage, summary }) => `  trapline ${usage.padEnd(width)}${summary}`);
  return `trapline: the calls of ARM software to what is above it, discovered, explained and answered

Usage:
${rows.join('\n')}
  trapline ${'COMMAND --help'.padEnd(width)}more about one of them, with examples
  trapline --version

Examples:
  trapline inspect board.dtb         which interfaces, which conduit and why, what is wrong
  trapline inspect /proc/device-tree
  trapline decode 0xc4000003 1 0x40080000 0
                                     PSCI CPU_ON of CPU 1
  trapline run board.dtb             what runs on that board would see, with real answers

Results go to standard output, messages to standard error. Colours are used on a terminal only;
NO_COLOR=1 turns them off. Exit codes: 0 fine, 1 something was found or failed, 2 wrong usage.
`;
}
