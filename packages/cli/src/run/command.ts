import { writeFileSync } from 'node:fs';
import { PROFILE_NAMES, type ProfileName } from '@trapline/psci';
import type { Stack } from '@trapline/stack';
import { type Arguments, type Command, CommandError, EXIT, UsageError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';
import type { Io } from '../io.js';
import { type Bundled, bundled } from './bundled.js';
import { readText, readTreeFile } from './read-file.js';
import { textReport } from './report.js';
import { jsonReport } from './report-json.js';
import { type RunReport, runStack } from './session.js';
import { stackFromFile } from './stack-file.js';
import { stackFromTreeFile } from './tree-file.js';

const help = `Usage: trapline run [STACK.yaml|FILE.dtb|FILE.dts|NAME] [--psci PROFILE] [--json] [--trace FILE]
       trapline run --list

Composes a machine, lets each guest discover its interfaces as a kernel would, and makes real calls from
every CPU: versions and features, CPU_ON of the others, random numbers where there are any, affinity,
suspend with a timer to wake up, CPU_OFF, system off. Prints what was found, every call, and a summary.
Time is virtual: a run prints the same every time.

  STACK.yaml      guests, and services by the level they stand at
  FILE.dtb        the machine that a device tree describes: its CPUs, its memory, and services for the
                  interfaces in it; .dts source, an unpacked tree, and - for standard input as well
  NAME            one that comes with the tool (--list); without any, the first of them

  --psci PROFILE  who answers PSCI for a device tree: spec (default), spec-1.1, tf-a, qemu-7.2, ...
  --json          one object: { "source", "guests": [ ... ], "trace": [ ... ], "time" }
  --trace FILE    writes the trace to FILE as well, one JSON object a line
  --list          names the trees and stacks that come with the tool

Stack files: guests (name, vcpus, memory, deviceTree, bootargs, interruptController, midr, el2, el3), and
lists of services under el3, el2 and outside ({ service: psci, version: "1.3", guests: [linux] }). The ones
that come with the tool are examples with comments; stacks/README.md in the package has every key.

Examples:
  trapline run
  trapline run board.dtb --psci spec-1.1
  trapline run psci-smc --json | jq -r '.trace[].text'

Exit codes: 0 every guest came to its end, 1 one did not or something could not be read, 2 wrong usage.
`;

/** `trapline run`. */
export const command: Command = {
  help,
  options: {
    json: { type: 'boolean' },
    list: { type: 'boolean' },
    psci: { type: 'string' },
    trace: { type: 'string' },
  },
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.flag('list')) return list(io);
  if (args.positionals.length > 1) throw new UsageError('name one stack or device tree');
  const target = targetOf(args.positionals[0]);
  const stack = await stackOf(target, profileOf(args.value('psci'), target), io);
  try {
    const report = runStack(stack);
    writeTrace(args.value('trace'), report);
    io.out(args.flag('json') ? jsonReport(target.name, report) : textReport(target.name, report, io.style));
    return report.guests.every(({ exercised, stuck }) => exercised && stuck.length === 0) ? EXIT.ok : EXIT.failure;
  } finally {
    stack.dispose();
  }
}

function list(io: Io): number {
  const width = Math.max(...bundled.map(({ name }) => name.length));
  for (const { name, summary } of bundled) io.out(`${name.padEnd(width)}  ${summary}\n`);
  return EXIT.ok;
}

type Target = Pick<Bundled, 'name' | 'file' | 'profile'>;

/** What comes with the tool is named without an ending, so no file is shadowed. */
function targetOf(argument: string | undefined): Target {
  if (argument === undefined) return bundled[0] as Target;
  return bundled.find(({ name }) => name === argument) ?? { name: argument, file: argument };
}

function profileOf(given: string | undefined, { file, profile }: Target): ProfileName | undefined {
  if (given === undefined) return profile;
  if (isStack(file)) throw new UsageError('--psci is for device trees; a stack file names its profile itself');
  const known = PROFILE_NAMES.find((name) => name === given);
  if (known !== undefined) return known;
  throw new UsageError(`no PSCI profile '${given}'; there are ${PROFILE_NAMES.join(', ')}`);
}

async function stackOf({ file }: Target, profile: ProfileName | undefined, io: Io): Promise<Stack> {
  return isStack(file)
    ? await stackFromFile(file, readText(file))
    : stackFromTreeFile(file, await readTreeFile(file, io), profile);
}

function isStack(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

function writeTrace(file: string | undefined, { trace }: RunReport): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, trace.entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  } catch (error) {
    throw new CommandError(`${file}: ${errorWords(error)}`);
  }
}
