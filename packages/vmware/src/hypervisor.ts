import {
  type AttachedGuest,
  type Attachment,
  type Call,
  type Handler,
  implement,
  type Outcome,
  perGuest,
  RestoreError,
  type Returned,
  returnHalves,
  type Saved,
  type Service,
  setResult,
  UNCLAIMED,
} from '@trapline/core';
import { abi, IO_MAGIC, MAGIC, MDCCSR_EL0, MODE_IN_LONG, PORT } from './abi.js';
import type { Answer } from './channel.js';
import { Command, ProductType, UNSUPPORTED } from './commands.js';
import { type GuestInfo, guestInfoAnswer } from './guest-info.js';
import { Messages } from './messages.js';
import { UUID_PATTERN, uuidWords } from './uuid.js';

/** How the backdoor answers. */
export interface HypervisorOptions {
  /** Version of the virtual machine's monitor, 6 where absent; and which product it is. */
  readonly version?: number;
  readonly product?: number;
  /** The machine's UUID; zeros where absent. */
  readonly uuid?: string;
  /** How far the guest's time may lag, in microseconds, as GETTIMEFULL tells it; 1,000,000 where absent. */
  readonly maxTimeLag?: number;
  /** Variables that `info-get` reads, by name (`guestinfo.…`). */
  readonly guestInfo?: Readonly<Record<string, string>>;
  /** Answers messages in place of the built-in `info-get`, `info-set` and `log`. */
  readonly answer?: Answer;
}

const DEFAULT_VERSION = 6;
const DEFAULT_LAG = 1_000_000;
const NO_UUID = '00000000-0000-0000-0000-000000000000';
const NANOSECONDS = 1_000_000_000n;

/**
 * VMware's backdoor for AArch64 guests: version, identity, time, and message channels with guest-RPC on them.
 *
 * Taken by a trapped read of MDCCSR_EL0 that X7 marks, or by HVC with immediate 0x86; any other read, or access to another
 * port, is left to others. An unknown command gives 0xffffffff in W0. Throws a RangeError for a UUID that is none.
 */
export function hypervisor(options: HypervisorOptions = {}): Service {
  if (options.uuid !== undefined && !UUID_PATTERN.test(options.uuid))
    throw new RangeError(`${options.uuid} is no UUID`);
  return perGuest({
    name: 'vmware',
    levels: ['el2', 'outside'],
    needs: ['clock', 'random', 'log'],
    attach: (guest) => attach(guest, options),
  });
}

function attach(guest: AttachedGuest, options: HypervisorOptions): Attachment {
  const given = Object.entries(options.guestInfo ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const info: GuestInfo = new Map(given);
  const messages = new Messages(guest, options.answer ?? guestInfoAnswer(info, guest.ports.log));
  const handler = backdoor(guest, options, messages);
  const wrongMagic: Handler = (call) => (isBackdoor(call) ? returnHalves(call, UNSUPPORTED, 0) : UNCLAIMED);
  const ranges = [{ from: 0, to: 0xffff_ffff, handler: wrongMagic, fallback: true }];
  const refill = (entries: Iterable<readonly [string, string]>): void => {
    info.clear();
    for (const [name, value] of entries) info.set(name, value);
  };
  return {
    implementations: [implement(abi, { inOut: handler }, { ranges })],
    reset: () => {
      messages.reset();
      refill(given);
    },
    save: () => ({ messages: messages.save(), info: [...info].map(([name, value]) => [name, value]) }),
    restore: (saved) => {
      const { messages: channels = null, info: variables = null } = (saved ?? {}) as Record<string, Saved>;
      const entries = entriesOf(variables);
      messages.restore(channels);
      refill(entries);
    },
    describe: (tree) => {
      const node = tree.node('/hypervisor') ?? tree.root.add('hypervisor');
      node.set('compatible', 'vmware');
    },
  };
}

function backdoor(guest: AttachedGuest, options: HypervisorOptions, messages: Messages): Handler {
  const { version = DEFAULT_VERSION, product = ProductType.WORKSTATION, maxTimeLag = DEFAULT_LAG } = options;
  const uuid = uuidWords(options.uuid ?? NO_UUID);
  const { clock } = guest.ports;
  const full = (call: Call): Returned => {
    const wall = clock.wall();
    const seconds = wall / NANOSECONDS;
    setResult(call, 1, Number((wall % NANOSECONDS) / 1000n), 0);
    setResult(call, 2, maxTimeLag, 0);
    setResult(call, 3, Number(seconds & 0xffff_ffffn), 0);
    setResult(call, 4, Number((seconds >> 32n) & 0xffff_ffffn), 0);
    return returnHalves(call, MAGIC, 0);
  };
  return (call): Outcome => {
    if (!isBackdoor(call)) return UNCLAIMED;
    switch ((call.w[2] as number) & 0xffff) {
      case Command.GETVERSION:
        setResult(call, 1, MAGIC, 0);
        setResult(call, 2, product, 0);
        return returnHalves(call, version, 0);
      case Command.GETUUID:
        for (let i = 1; i < 4; i++) setResult(call, i, uuid[i] as number, 0);
        return returnHalves(call, uuid[0] as number, 0);
      case Command.GETTIME: {
        const wall = clock.wall();
        setResult(call, 1, Number((wall % NANOSECONDS) / 1000n), 0);
        setResult(call, 2, maxTimeLag, 0);
        return returnHalves(call, Number((wall / NANOSECONDS) & 0xffff_ffffn), 0);
      }
      case Command.GETTIMEFULL_WITH_LAG:
        setResult(call, 5, 0, 0);
        return full(call);
      case Command.GETTIMEFULL:
        return full(call);
      case Command.MESSAGE:
        return messages.handle(call);
      default:
        return returnHalves(call, UNSUPPORTED, 0);
    }
  };
}

/** Whether a trapped instruction is an access to the backdoor's port: an MRS is one only where X7 marks it. */
function isBackdoor({ pe, conduit, immediate }: Call): boolean {
  const { w } = pe;
  const marked = conduit === 'mrs' ? immediate === MDCCSR_EL0 && w[15] === IO_MAGIC : immediate === IO_MAGIC;
  return pe.state === 'a64' && marked && w[14] === MODE_IN_LONG && ((w[6] as number) & 0xffff) === PORT;
}

function entriesOf(saved: Saved): readonly (readonly [string, string])[] {
  const pairs = Array.isArray(saved) ? (saved as readonly Saved[]) : undefined;
  const isPair = (pair: Saved): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string');
  if (pairs?.every(isPair)) return pairs as unknown as readonly (readonly [string, string])[];
  throw new RestoreError('saved guest variables are a list of names and values');
}
