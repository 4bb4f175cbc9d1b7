import {
  assemblyFile,
  cHeader,
  type InterfacePlan,
  interfaceWrappers,
  planInterface,
  rustModule,
  TARGETS,
  type TargetName,
  WrapperError,
} from '@trapline/wrappers';
import { type Arguments, type Command, CommandError, EXIT, UsageError } from '../command.js';
import { interfaces, ownNumbers } from '../decode/interfaces.js';
import { parseWord } from '../decode/parse-word.js';
import { wrap } from '../inspect/wrap.js';
import { listingOf } from './listing.js';

/** Every interface that has a declared table of calls. */
const KNOWN = [...interfaces, ...ownNumbers];

const OUTPUTS = ['c', 'rust', ...Object.keys(TARGETS)];

/** Columns of the help, and where its explanations begin. */
const HELP_COLUMNS = 102;
const HELP_INDENT = 21;

/** A list broken into lines that stand below its beginning. */
function listed(names: readonly string[]): string {
  return wrap(names.join(', '), HELP_INDENT - 2, HELP_COLUMNS)
    .map((line) => ' '.repeat(HELP_INDENT) + line.trimStart())
    .join('\n')
    .trimStart();
}

const help = `Usage: trapline wrappers INTERFACE --target TARGET [--conduit hvc|smc] [options]

Writes the call wrappers of a declared interface, to be read and committed by whoever writes a kernel or
firmware: no machine instruction has to come out of a device tree.

  INTERFACE          ${listed(KNOWN.map(({ name }) => name))}
  --target TARGET    c: a header with status codes, function ids and static inline assembly, good for
                     A64, A32 and T32; rust: a module that uses core alone; or GNU assembly for
                     ${listed(Object.keys(TARGETS))}
  --conduit hvc|smc  the instruction; where absent, the only one that the interface has, else smc
  --immediate N      the instruction's, where the interface has several
  --prefix NAME      begins every function's name; the interface's name where absent
  --smccc 1.0|1.1    what the callee is trusted to keep: by 1.0 (where absent) it may change X0 to X17,
                     by 1.1 results and X0 to X3 only
  --sve-hint         function ids of A64 say that no live SVE state is kept (SMCCC 1.3)
  --bti              functions of A64 begin with BTI C
  --bytes            position-independent machine code in place of assembly, as a listing
  --json             { "interface", "target", "wrappers": [ { "name", "bytes", "assembly" } ] }, bytes in
                     hexadecimal as the target's memory holds them; for c and rust { ..., "text" }

Examples:
  trapline wrappers psci --target c --conduit smc > psci-smc.h
  trapline wrappers psci --target a64 --conduit smc > psci-smc.S
  trapline wrappers trng --target rust --conduit hvc > trng.rs
  trapline wrappers psci --target t32-be8 --conduit hvc --bytes

A call that a target does not have (SMC64 ids in AArch32) is left out. BE-32 has no HVC.

Exit codes: 0 written, 1 there are no such wrappers, 2 wrong usage.
`;

/** `trapline wrappers`. */
export const command: Command = {
  help,
  options: {
    target: { type: 'string' },
    conduit: { type: 'string' },
    immediate: { type: 'string' },
    prefix: { type: 'string' },
    smccc: { type: 'string' },
    'sve-hint': { type: 'boolean' },
    bti: { type: 'boolean' },
    bytes: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: (args, io) => {
    try {
      io.out(write(args));
    } catch (error) {
      throw error instanceof WrapperError ? new CommandError(error.message) : error;
    }
    return EXIT.ok;
  },
};

function write(args: Arguments): string {
  const plan = planOf(args);
  const target = oneOf('--target', args.value('target'), OUTPUTS);
  if (target === 'c' || target === 'rust') {
    if (args.flag('bytes')) throw new UsageError(`--bytes needs an instruction set, not ${target}`);
    const text = target === 'c' ? cHeader(plan) : rustModule(plan);
    return args.flag('json') ? json({ interface: plan.abi.name, target, text }) : text;
  }
  const name = target as TargetName;
  if (args.flag('json')) return json({ interface: plan.abi.name, target, wrappers: listingOf(plan, name) });
  if (args.flag('bytes')) return bytesText(plan, name);
  return assemblyFile(plan, name);
}

function planOf(args: Arguments): InterfacePlan {
  const [name, ...others] = args.positionals;
  if (name === undefined) throw new UsageError('name an interface');
  if (others.length > 0) throw new UsageError('name one interface');
  const abi = KNOWN.find((known) => known.name === name);
  if (abi === undefined) {
    throw new UsageError(`unknown interface '${name}'; there are ${KNOWN.map((known) => known.name).join(', ')}`);
  }
  const conduits = abi.convention.conduits.filter((kind) => kind === 'hvc' || kind === 'smc');
  const implied = conduits.length === 1 ? conduits[0] : 'smc';
  if (conduits.length === 0) throw new CommandError(`${name} is called by neither HVC nor SMC`);
  const smccc = args.value('smccc');
  const prefix = args.value('prefix');
  const immediate = args.value('immediate');
  return planInterface(abi, {
    conduit: oneOf('--conduit', args.value('conduit') ?? implied, ['hvc', 'smc']) as 'hvc' | 'smc',
    ...(prefix === undefined ? {} : { prefix }),
    ...(immediate === undefined ? {} : { immediate: Number(parseWord(immediate)) }),
    ...(smccc === undefined ? {} : { smccc: oneOf('--smccc', smccc, ['1.0', '1.1']) as '1.0' | '1.1' }),
    sveHint: args.flag('sve-hint'),
    landingPad: args.flag('bti'),
  });
}

function oneOf(option: string, value: string | undefined, known: readonly string[]): string {
  if (value === undefined) throw new UsageError(`give ${option} one of ${known.join(', ')}`);
  if (!known.includes(value)) throw new UsageError(`${option} is one of ${known.join(', ')}, not '${value}'`);
  return value;
}

function bytesText(plan: InterfacePlan, target: TargetName): string {
  const wrappers = interfaceWrappers(plan, target);
  const width = Math.max(0, ...wrappers.map(({ description }) => description.name.length)) + 2;
  return listingOf(plan, target)
    .map(({ name, bytes }) => `${name.padEnd(width)}${bytes.replace(/(..)(?!$)/g, '$1 ')}\n`)
    .join('');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
