import { TARGETS } from '@trapline/wrappers';
import { type Command, EXIT, UsageError } from '../command.js';
import { explain } from './explain.js';
import { explainInstructions, instructionReport } from './instruction.js';
import { explainOwn } from './own-numbers.js';
import { parseWord } from './parse-word.js';
import { decodeReport } from './report.js';

const help = `Usage: trapline decode ID [X1 X2 ...] [--json]
       trapline decode --bytes BYTES [--target TARGET] [--json]

Explains a function id of the SMC Calling Convention, the number that stands in X0 (R0) when HVC or SMC
is executed: which call of which interface it is, its width and owner, the clause that defines it, its
arguments, results and errors. Values after the id are X1, X2 and so on; they are read as the call's
callee reads them (a 32-bit call has no high halves) and shown in words.

Numbers are hexadecimal (0x), decimal, octal (0o) or binary (0b), with _ between digits as you like;
negative ones stand after --.
Ids that no known interface declares are explained as far as the convention goes: fast or yielding,
width, owner, and the specification in whose range they lie.

With --bytes it says which call instruction machine code is: bytes as memory holds them, one instruction
after another for a target (${Object.keys(TARGETS).join(', ')}),
without one every reading of the first four bytes. Nothing is executed.

  --interface NAME
            the number is one of xen (in X16), jailhouse (in X0), gunyah or hyperv-native (the immediate),
            which do not follow the convention, or scmi's usual doorbell, which no number of its own tells
  --json    { "id", "kind", "width", "owner": { "number", "name" }, "number", "sveHint",
            "specification", "call": { "name", "interface", "arguments": [ { "register", "name",
            "type", "value", "text" } ], "errors": [ { "name", "code" } ], ... }, "notes" };
            "call" is null for unknown ids. With --bytes: [ { "offset", "targets", "conduit",
            "immediate", "condition", "note" } ]

Examples:
  trapline decode 0xc4000003 1 0x40080000 0     PSCI CPU_ON of CPU 1 at 0x40080000
  trapline decode 0x84000001 0x01010000         what a power state asks for
  trapline decode -- 0xc4000004 -1              all bits of X1 set
  trapline decode 0x80000001 0x80008000         SMCCC asks for a workaround
  trapline decode 0xc2000010                    a SiP's own call
  trapline decode --bytes "e1 40 00 70"         HVC of A32, but in the byte order of BE-32

Exit codes: 0 explained, 2 wrong usage.
`;

/** `trapline decode`. */
export const command: Command = {
  help,
  options: {
    interface: { type: 'string' },
    json: { type: 'boolean' },
    bytes: { type: 'string' },
    target: { type: 'string' },
  },
  run: (args, io) => {
    const [id, ...values] = args.positionals;
    const bytes = args.value('bytes');
    if (bytes !== undefined) {
      if (id !== undefined) throw new UsageError('give a function id or --bytes, not both');
      const found = explainInstructions(bytes, args.value('target'));
      io.out(args.flag('json') ? `${JSON.stringify(found, null, 2)}\n` : instructionReport(found));
      return EXIT.ok;
    }
    if (id === undefined) throw new UsageError('name a function id');
    const name = args.value('interface');
    const read = name === undefined ? explain : explainOwn(name);
    const explanation = read(parseWord(id), values.map(parseWord));
    io.out(args.flag('json') ? `${JSON.stringify(explanation, null, 2)}\n` : decodeReport(explanation, io));
    return EXIT.ok;
  },
};
