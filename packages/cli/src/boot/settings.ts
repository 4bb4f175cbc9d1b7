import { MAX_CPUS } from '@trapline/qemu';
import { type Arguments, UsageError } from '../command.js';
import { parseWord } from '../decode/parse-word.js';

/** What `trapline boot` was asked for. */
export interface Settings {
  readonly stack: string;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly image: string | undefined;
  readonly at: number;
  readonly dtb: string | undefined;
  readonly append: string | undefined;
  readonly cpus: number | undefined;
  readonly cpu: string | undefined;
  readonly memory: number | undefined;
  readonly atEl2: boolean;
  /** Whether a reset starts the guest again. */
  readonly restarts: boolean;
  readonly timeout: number | undefined;
  readonly trace: string | undefined;
  readonly watch: boolean;
  readonly console: ConsoleName;
  readonly disks: readonly DiskSetting[];
  /** What the guest writes before it is asked to power off. */
  readonly shutdownOn: string | undefined;
}

/** A console of the guest's as Linux names it: the machine's serial port, or Xen's. */
type ConsoleName = 'ttyAMA0' | 'hvc0';

/** A disk image. */
interface DiskSetting {
  readonly path: string;
  readonly readOnly: boolean;
}

/** Where an image goes if nobody says: 2 MiB above RAM's beginning. */
const IMAGE_AT = 0x4020_0000;

const MEBIBYTES = 2 ** 20;

/** Reads the command line. Throws `UsageError` for what cannot be meant. */
export function settingsOf(args: Arguments): Settings {
  if (args.positionals.length > 0)
    throw new UsageError(`'${args.positionals[0]}' is no option; name files by --kernel`);
  const kernel = args.value('kernel');
  const image = args.value('image');
  if (kernel === undefined && image === undefined) throw new UsageError('give a --kernel or an --image');
  if (image === undefined && args.value('at') !== undefined) throw new UsageError('--at is the address of an --image');
  const memory = numberOf(args, 'memory', 1, 0x1_0000);
  return {
    stack: args.value('stack') ?? 'psci-smc',
    kernel,
    initrd: args.value('initrd'),
    image,
    at: addressOf(args.value('at')),
    dtb: args.value('dtb'),
    append: args.value('append'),
    cpus: numberOf(args, 'cpus', 1, MAX_CPUS),
    cpu: args.value('cpu'),
    memory: memory === undefined ? undefined : memory * MEBIBYTES,
    atEl2: args.flag('el2'),
    restarts: !args.flag('no-reboot'),
    timeout: numberOf(args, 'timeout', 1, 86_400),
    trace: args.value('trace'),
    watch: args.flag('watch'),
    console: consoleOf(args.value('console')),
    disks: disksOf(args.values('disk')),
    shutdownOn: args.value('shutdown-on'),
  };
}

function numberOf(args: Arguments, name: string, least: number, most: number): number | undefined {
  const text = args.value(name);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name} ${text}: write a number from ${least} to ${most}`);
}

function consoleOf(name: string | undefined): ConsoleName {
  if (name === undefined || name === 'ttyAMA0') return 'ttyAMA0';
  if (name === 'hvc0') return name;
  throw new UsageError(`--console ${name}: write ttyAMA0 or hvc0`);
}

/** Letters that disks are named by. */
const MAX_DISKS = 26;

function disksOf(texts: readonly string[]): readonly DiskSetting[] {
  if (texts.length > MAX_DISKS) throw new UsageError(`--disk: give at most ${MAX_DISKS}`);
  return texts.map((text) => {
    const readOnly = text.endsWith(',ro');
    return { path: readOnly ? text.slice(0, -3) : text, readOnly };
  });
}

function addressOf(text: string | undefined): number {
  if (text === undefined) return IMAGE_AT;
  const address = parseWord(text);
  if (address > BigInt(Number.MAX_SAFE_INTEGER)) throw new UsageError(`--at ${text}: write an address below 2^53`);
  return Number(address);
}
