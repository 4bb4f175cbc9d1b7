import { inspectTree, type TreeInspection } from '@trapline/core/inspection';
import { decodeConduit } from '@trapline/epapr/node';
import { type Arguments, type Command, EXIT, UsageError } from '../command.js';
import { complain, type Io } from '../io.js';
import { drivers } from './drivers.js';
import { errorWords, failureWords } from './error-words.js';
import { findTrees } from './find-trees.js';
import { readTree } from './read-tree.js';
import { type JsonReport, jsonFailure, jsonReport } from './report-json.js';
import { textReport } from './report-text.js';

const help = `Usage: trapline inspect FILE|DIR ... [--json] [--strict]
       trapline inspect --fix FILE

Says which hypervisor and firmware interfaces a device tree describes: what each one is, which version
of its ABI, by which instruction it is called and why, which driver binds, and what is wrong with the
node; and the CPUs, whose \`reg\` is what PSCI calls them by.

  FILE      a blob (.dtb, .dtbo), DTS source (.dts, .dtso; run cpp first where it has #include),
            or - for standard input
  DIR       every *.dtb, *.dtbo, *.dts and *.dtso below it; or an unpacked tree such as
            /proc/device-tree

  --json    an array with one object a file:
            { "file", "interfaces": [ { "path", "compatible", "interface", "version", "conduit",
            "conduitSource", "driver", "diagnostics" } ], "cpus": [ { "path", "mpidr",
            "enableMethod" } ] }; also "diagnostics" where something beside an interface is wrong,
            and "error" where the file could not be read
  --strict  exit with 1 where there is a warning or an error, not only for unreadable files
  --fix     print the one tree as DTS source, with method in place of the machine instructions of an
            ePAPR hypervisor node (hcall-instructions)

Conduit sources: "property" (the node's method), "implied" (the interface has one way), "smccc" (calls
take the conduit of PSCI or OP-TEE), "decoded" (read from hcall-instructions, which are never executed).

Examples:
  trapline inspect board.dtb
  trapline inspect /proc/device-tree
  trapline inspect --json /usr/lib/linux-image-* | jq '.[].interfaces[].interface' | sort | uniq -c
  dtc -I dts -O dtb board.dts | trapline inspect -
  trapline inspect --fix old.dtb > board.dts

Exit codes: 0 all files were read, 1 one could not be (or --strict found something, or --fix left a node
as it was), 2 wrong usage.
`;

/** `trapline inspect`. */
export const command: Command = {
  help,
  options: { json: { type: 'boolean' }, strict: { type: 'boolean' }, fix: { type: 'boolean' } },
  run: inspect,
};

async function inspect(args: Arguments, io: Io): Promise<number> {
  if (args.positionals.length === 0) throw new UsageError('name a device tree, or a directory of them');
  if (args.flag('fix')) return fixOne(args, io);
  const json = args.flag('json') ? ([] as JsonReport[]) : undefined;
  let code: number = EXIT.ok;
  let first = true;
  const fail = (file: string, message: string): void => {
    code = EXIT.failure;
    complain(io, failureWords(file, message));
    json?.push(jsonFailure(file, message));
  };
  for (const argument of args.positionals) {
    for (const tree of findTrees(argument, fail)) {
      let inspection: TreeInspection;
      try {
        inspection = inspectTree(await readTree(tree, io), { drivers, readHcall: decodeConduit });
      } catch (error) {
        fail(tree.file, errorWords(error));
        continue;
      }
      if (args.flag('strict') && isFlawed(inspection)) code = EXIT.failure;
      if (json) json.push(jsonReport(tree.file, inspection));
      else io.out(`${first ? '' : '\n'}${textReport(tree.file, inspection, io)}`);
      first = false;
    }
  }
  if (json) io.out(`${JSON.stringify(json, null, 2)}\n`);
  return code;
}

async function fixOne(args: Arguments, io: Io): Promise<number> {
  const [file, ...others] = args.positionals;
  if (file === undefined || others.length > 0) throw new UsageError('--fix takes one device tree');
  if (args.flag('json') || args.flag('strict')) throw new UsageError('--fix goes with no other option');
  const { fix } = await import('./fix.js');
  return fix(file, io);
}

function isFlawed({ interfaces, diagnostics }: TreeInspection): boolean {
  return [...diagnostics, ...interfaces.flatMap((found) => found.diagnostics)].some(
    ({ severity }) => severity !== 'info',
  );
}
