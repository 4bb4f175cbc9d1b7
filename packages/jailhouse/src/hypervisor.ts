import {
  type AttachedGuest,
  type Attachment,
  type Call,
  type Exit,
  type Handler,
  type Handlers,
  implement,
  type Outcome,
  type Returned,
  returnInt,
  type Service,
} from '@trapline/core';
import { abi, STATISTICS, STATISTICS_BASE } from './abi.js';
import { type CellOptions, Cells, type HypervisorOptions } from './cells.js';
import { ExitCounters } from './counters.js';
import { Code } from './status.js';

/** Slots of {@link ExitCounters} that calls move: every exit, and hypercalls. */
const TOTAL = 0;
const HYPERCALL = 3;

/**
 * Jailhouse's side of its hypercalls, for the cells of a static partition: information, state, statistics and the debug
 * console answer as hypervisor/control.c does.
 *
 * Management calls of the root cell that pass its checks leave to the embedder (`exit`, reason `jailhouse`), who makes or
 * ends guests and says by `guest.decide` what the call returns. A number that nobody declares is ENOSYS. Throws
 * {@link CompositionError} for cells that contradict one another, and for a guest that is no cell.
 */
export function hypervisor(options: HypervisorOptions): Service {
  const cells = new Cells(options);
  return {
    name: 'jailhouse',
    levels: ['el2'],
    needs: [],
    start: () => ({ attach: (guest) => attach(cells, guest) }),
  };
}

function attach(cells: Cells, guest: AttachedGuest): Attachment {
  const own = cells.of(guest);
  const counters = new ExitCounters(own.cpus.length, STATISTICS);
  cells.count(own, counters);
  const handlers = Object.fromEntries(
    Object.entries(handlersOf(cells, own)).map(([name, handler]) => [name, counted(counters, handler)]),
  );
  const unknown = counted(counters, (call) => returnInt(call, Code.ENOSYS));
  const ranges = [{ from: 0, to: 0xffff_ffff, fallback: true, handler: unknown }];
  return {
    implementations: [implement(abi, handlers, { ranges })],
    reset: () => counters.reset(),
    save: () => counters.save(),
    restore: (saved) => counters.restore(saved),
  };
}

function counted(counters: ExitCounters, handler: Handler): Handler {
  return (call) => {
    counters.add(call.pe.index, TOTAL);
    counters.add(call.pe.index, HYPERCALL);
    return handler(call);
  };
}

function handlersOf(cells: Cells, own: CellOptions): Handlers<typeof abi> {
  const root = own === cells.root;
  const manage =
    (name: string): Handler =>
    (call): Outcome => {
      if (!root) return returnInt(call, Code.EPERM);
      const cell = cells.byId(call.w[0] as number, call.w[1] as number);
      if (cell === undefined) return returnInt(call, Code.ENOENT);
      return cell === cells.root ? returnInt(call, Code.EINVAL) : leave(name, { cell: cell.id });
    };
  return {
    disable: (call) => {
      if (!root) return returnInt(call, Code.EPERM);
      return cells.size > 1 ? returnInt(call, Code.EBUSY) : leave('disable', {});
    },
    cellCreate: (call) => {
      if (!root) return returnInt(call, Code.EPERM);
      return leave('cellCreate', { configuration: `0x${(call.x[0] as bigint).toString(16)}` });
    },
    cellStart: manage('cellStart'),
    cellSetLoadable: manage('cellSetLoadable'),
    cellDestroy: manage('cellDestroy'),
    hypervisorGetInfo: (call) => returnInt(call, call.w[1] === 0 ? cells.info(call.w[0] as number) : Code.EINVAL),
    cellGetState: (call) => {
      if (!root) return returnInt(call, Code.EPERM);
      const cell = cells.byId(call.w[0] as number, call.w[1] as number);
      return returnInt(call, cell === undefined ? Code.ENOENT : (cell.state ?? 0));
    },
    cpuGetInfo: (call) => cpuInfo(call, cells, own),
    debugConsolePutc: (call) => {
      if (!own.console) return returnInt(call, Code.EPERM);
      cells.print(own, (call.w[0] as number) & 0xff);
      return returnInt(call, Code.SUCCESS);
    },
  };
}

function cpuInfo(call: Call, cells: Cells, own: CellOptions): Returned {
  const cpu = call.w[0] as number;
  const owner = call.w[1] === 0 ? cells.ownerOf(cpu) : undefined;
  if (owner === undefined) return returnInt(call, Code.EINVAL);
  if (own !== cells.root && own !== owner) return returnInt(call, Code.EPERM);
  if (call.w[3] !== 0) return returnInt(call, Code.EINVAL);
  const type = call.w[2] as number;
  if (type === 0) return returnInt(call, cells.cpuState(cpu));
  if (type < STATISTICS_BASE || type >= STATISTICS_BASE + STATISTICS) return returnInt(call, Code.EINVAL);
  return returnInt(call, cells.statistic(owner, cpu, type - STATISTICS_BASE));
}

function leave(call: string, data: Exit['data']): Exit {
  return { kind: 'exit', reason: 'jailhouse', data: { call, ...data } };
}
