import { type FileReport, isEqual, replay } from '@trapline/replay';
import { type Arguments, type Command, EXIT, UsageError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';
import { complain, type Io } from '../io.js';
import { readRecording } from './read-recording.js';
import { fileText } from './report-text.js';
import { subjects } from './subjects.js';

const help = `Usage: trapline replay FILE ... [--json] [--profile NAME]

Plays calls that were recorded from real firmware and hypervisors against the services of this project,
step by step on a machine like the recorded one, and compares everything that was observed: registers
changed and unchanged, memory, exceptions, starts of CPUs, the machine's end.

  FILE            a recording (JSON; the format is described in the package @trapline/recordings),
                  the name of one that comes with the tool (psci-tfa-default), or - for standard input

  --profile NAME  answers as another implementation than the recorded one: "what would TF-A have said?"
  --json          { "files": [ { "file", "calls", "equal", "different", "skipped", "details": [
                  { "verdict", "file", "scenario", "scenarioIndex", "step", "op", "what", "expected",
                  "got", "reason" } ], "omitted" } ] }; "error" where a file could not be read

Every call counts once: as equal, different, or skipped (what it needs is not here). A difference in
another step counts against the call before it.

Examples:
  trapline replay psci-tfa-default psci-qemu-7.2-hvc
  trapline replay my-firmware.json --json | jq '.files[].details[] | select(.verdict == "different")'
  trapline replay psci-qemu-7.2-hvc --profile tf-a

Exit codes: 0 everything is equal, 1 something differs, is skipped, or could not be read, 2 wrong usage.
`;

/** `trapline replay`. */
export const command: Command = {
  help,
  options: { json: { type: 'boolean' }, profile: { type: 'string' } },
  run,
};

/** A file that could not be read counts no calls. */
type JsonFile = FileReport & { readonly error?: string };

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.positionals.length === 0) throw new UsageError('name a recording');
  const profile = args.value('profile');
  const json = args.flag('json');
  const files: JsonFile[] = [];
  for (const file of args.positionals) {
    try {
      const recording = await readRecording(file, io);
      const report = replay(recording, { subjects, file, ...(profile === undefined ? {} : { profile }) });
      files.push(report);
      if (!json) io.out(fileText(report, io));
    } catch (error) {
      complain(io, `${file}: ${errorWords(error)}`);
      files.push({ file, ...NOTHING, error: errorWords(error) });
    }
  }
  if (json) io.out(`${JSON.stringify({ files }, null, 2)}\n`);
  return isEqual({ files }) && files.every(({ error }) => error === undefined) ? EXIT.ok : EXIT.failure;
}

const NOTHING: Omit<FileReport, 'file'> = { calls: 0, equal: 0, different: 0, skipped: 0, details: [], omitted: 0 };
