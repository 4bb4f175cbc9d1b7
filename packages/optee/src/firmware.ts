import {
  type AttachedGuest,
  type Attachment,
  CompositionError,
  type ConduitKind,
  type Handler,
  type Handlers,
  type Implementation,
  implement,
  perGuest,
  type RangeHandler,
  type Returned,
  returnHalves,
  returnInt,
  type Service,
  setResult,
} from '@trapline/core';
import { encodeFunctionId, OWNER_TRUSTED_OS_QUERIES, QUERY_ABIS, type QueryAbi } from '@trapline/smccc';
import {
  abi,
  NOTIF_PENDING,
  NOTIF_VALID,
  NSEC_UNIPROCESSOR,
  OWNER_OPTEE,
  SEC_ASYNC_NOTIF,
  SEC_DYNAMIC_SHM,
  SEC_MEMREF_NULL,
  SEC_RESERVED_SHM,
} from './abi.js';
import { isValue, MAX_NOTIFICATION, Notifications } from './notifications.js';
import { Code } from './status.js';
import { INTERFACE_UUID, OS_UUID, uuidWords } from './uuid.js';

/** Memory reserved for sharing, below 4 GiB: its address is one 32-bit register. */
export interface SharedMemory {
  readonly start: number;
  readonly size: number;
}

/** How {@link firmware} answers. Everything may be absent. */
export interface FirmwareOptions {
  /** The trusted operating system's version, 4.0 where absent, and its build. */
  readonly revision?: { readonly major: number; readonly minor: number; readonly build?: number };
  readonly threads?: number;
  readonly sharedMemory?: SharedMemory;
  /** INTID that a notification makes pending; without it notifications are not offered. */
  readonly interrupt?: number;
  /** The instruction it takes alone; SMC and HVC where absent. */
  readonly conduit?: ConduitKind;
  /** Gives the embedder the means to notify a guest. */
  readonly connect?: (guest: string, notify: (value: number) => void) => void;
}

/** Last number of the owners that are trusted operating systems; the first is OP-TEE's own. */
const LAST_OWNER = 63;

/**
 * OP-TEE's fast calls: who it is, what it can, shared memory, threads, asynchronous notifications.
 *
 * Other numbers of trusted operating systems are UNKNOWN_FUNCTION, CALL_WITH_ARG among them. Throws
 * {@link CompositionError} for shared memory that does not lie below 4 GiB.
 */
export function firmware(options: FirmwareOptions = {}): Service {
  const { sharedMemory: shm } = options;
  if (shm !== undefined && !(shm.start >= 0 && shm.size > 0 && shm.start + shm.size <= 0x1_0000_0000)) {
    throw new CompositionError('the shared memory does not lie below 4 GiB', 'its address is one 32-bit register');
  }
  return perGuest({
    name: 'optee',
    levels: ['el3', 'el2', 'outside'],
    needs: options.interrupt === undefined ? [] : ['interrupts'],
    attach: (guest) => attach(guest, options),
  });
}

function attach(guest: AttachedGuest, options: FirmwareOptions): Attachment {
  const notifications = new Notifications();
  options.connect?.(guest.name, (value) => notify(guest, options, notifications, value));
  const convention = options.conduit === undefined ? {} : { conduits: [options.conduit] };
  const ranges = [true, false].map((fast) => ownersRange(fast));
  return {
    implementations: [implement(abi, handlersOf(options, notifications), { convention, ranges }), queries(convention)],
    trapsSmc: guest.level === 'el2' && options.conduit === 'smc',
    reset: () => notifications.reset(),
    save: () => notifications.save(),
    restore: (saved) => notifications.restore(saved),
    describe: (tree, description) => {
      const parent = tree.node('/firmware') ?? tree.root.add('firmware');
      const node = parent.child('optee') ?? parent.add('optee');
      node.set('compatible', 'linaro,optee-tz');
      node.set('method', description.conduit);
    },
  };
}

function notify(guest: AttachedGuest, options: FirmwareOptions, notifications: Notifications, value: number): void {
  if (!isValue(value)) throw new RangeError(`a notification has a value from 0 to ${MAX_NOTIFICATION}`);
  const [pe] = guest.pes;
  const heard = notifications.post(value) && notifications.enabled;
  if (heard && pe && options.interrupt !== undefined) guest.ports.interrupts.pulse(pe, options.interrupt);
}

/** UID and revision of the interface, which OP-TEE answers under owner 63. */
function queries(convention: { readonly conduits?: readonly ConduitKind[] }): Implementation {
  const query = QUERY_ABIS.get(OWNER_TRUSTED_OS_QUERIES) as QueryAbi;
  const handlers: Handlers<QueryAbi> = {
    callUid: returnUuid(INTERFACE_UUID),
    revision: (call) => {
      setResult(call, 1, 0, 0);
      return returnInt(call, 2);
    },
  };
  return implement(query, handlers, { convention });
}

function returnUuid(uuid: string): Handler {
  const words = uuidWords(uuid);
  return (call) => {
    for (let i = 1; i < 4; i++) setResult(call, i, words[i] as number, 0);
    return returnHalves(call, words[0], 0);
  };
}

function handlersOf(options: FirmwareOptions, notifications: Notifications): Handlers<typeof abi> {
  const { revision = { major: 4, minor: 0 }, threads = 2, sharedMemory: shm, interrupt } = options;
  const capabilities =
    SEC_DYNAMIC_SHM |
    SEC_MEMREF_NULL |
    (shm === undefined ? 0 : SEC_RESERVED_SHM) |
    (interrupt === undefined ? 0 : SEC_ASYNC_NOTIF);
  const offered = (handler: Handler): Handler =>
    interrupt === undefined ? (call) => returnInt(call, Code.ENOTAVAIL) : handler;
  return {
    getOsUuid: returnUuid(OS_UUID),
    getOsRevision: (call) => {
      setResult(call, 1, revision.minor, 0);
      setResult(call, 2, revision.build ?? 0, 0);
      return returnHalves(call, revision.major, 0);
    },
    getShmConfig: (call) => {
      if (shm === undefined) return returnInt(call, Code.ENOTAVAIL);
      setResult(call, 1, shm.start, 0);
      setResult(call, 2, shm.size, 0);
      setResult(call, 3, 1, 0);
      return returnInt(call, Code.OK);
    },
    exchangeCapabilities: (call) => {
      setResult(call, 1, capabilities, 0);
      const known = ((call.w[0] as number) & ~NSEC_UNIPROCESSOR) === 0;
      if (known) setResult(call, 2, interrupt === undefined ? 0 : MAX_NOTIFICATION, 0);
      return returnInt(call, known ? Code.OK : Code.ENOTAVAIL);
    },
    disableShmCache: (call) => returnInt(call, Code.ENOTAVAIL),
    enableShmCache: (call) => returnInt(call, Code.OK),
    getThreadCount: (call) => {
      setResult(call, 1, threads, 0);
      return returnInt(call, Code.OK);
    },
    enableAsyncNotif: offered((call) => {
      notifications.enabled = true;
      return returnInt(call, Code.OK);
    }),
    getAsyncNotifValue: offered((call): Returned => {
      const value = notifications.take();
      setResult(call, 1, Math.max(value, 0), 0);
      setResult(call, 2, value < 0 ? 0 : NOTIF_VALID | (notifications.pending ? NOTIF_PENDING : 0), 0);
      return returnInt(call, Code.OK);
    }),
  };
}

/** Every other number of the trusted operating systems' owners. */
function ownersRange(fast: boolean): RangeHandler {
  const at = (owner: number, number: number): number => encodeFunctionId({ fast, smc64: false, owner, number }) >>> 0;
  const handler: Handler = (call) => returnInt(call, Code.UNKNOWN_FUNCTION);
  return { from: at(OWNER_OPTEE, 0), to: at(LAST_OWNER, 0xffff), handler };
}
