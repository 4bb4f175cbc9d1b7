import {
  type AttachedGuest,
  type Call,
  CONTEXT_HIGH,
  CONTEXT_LOW,
  defineInterface,
  defineStatus,
  ENTRY_HIGH,
  ENTRY_LOW,
  FORWARD,
  type Implementation,
  implement,
  type Level,
  OFF,
  type Outcome,
  type Pe,
  perGuest,
  RestoreError,
  returnInt,
  type Saved,
  type Service,
  status,
  u32,
  u64,
  valueOr,
} from '@trapline/core';

/** Status codes of the test interface. */
const tiny = defineStatus('tiny', 'this test', { OK: 0, NO: -1, WRONG: -2, ON: -4, PENDING: -5 });

/** A small power and message interface: what the bus is tried with, apart from any real ABI. */
export const tinyAbi = defineInterface({
  name: 'tiny',
  title: 'A small interface for tests',
  source: 'this test',
  calls: {
    version: { id: 0x8600_0000, since: '1', clause: '1', summary: 'Version.', returns: valueOr(u32, tiny) },
    add: {
      id: 0x8600_0001,
      id64: 0xc600_0001,
      since: '1',
      clause: '2',
      summary: 'Adds.',
      arguments: { left: u32, right: u32 },
      returns: u32,
    },
    start: {
      id: 0x8600_0002,
      id64: 0xc600_0002,
      since: '1',
      clause: '3',
      summary: 'Starts a CPU by its number.',
      arguments: { target: u32, entry: u64, context: u64 },
      returns: status(tiny),
      errors: ['WRONG', 'ON', 'PENDING'],
    },
    stop: { id: 0x8600_0003, since: '1', clause: '4', summary: 'Stops the caller.', waits: true },
    sleep: {
      id: 0x8600_0004,
      since: '1',
      clause: '5',
      summary: 'Waits for an interrupt or a time.',
      arguments: { nanoseconds: u32, resume: u32 },
      returns: status(tiny),
      waits: true,
    },
    power: {
      id: 0x8600_0005,
      since: '1',
      clause: '6',
      summary: 'Power of a CPU: 0 off, 1 on, 2 pending.',
      arguments: { target: u32 },
      returns: valueOr(u32, tiny),
    },
    pass: { id: 0x8600_0006, since: '1', clause: '7', summary: 'Forwarded where the level forwards.', returns: u32 },
  },
});

const POWER = { off: 0, starting: 2, stopping: 1, running: 1, waiting: 1 } as const;

/** What a tiny service may be told. */
export interface TinyOptions {
  readonly name?: string;
  readonly levels?: readonly Level[];
  readonly version?: number;
  readonly trapsSmc?: boolean;
  readonly forwards?: boolean;
  /** Handles `pass` in place of the usual. */
  readonly onPass?: (call: Call, guest: AttachedGuest) => Outcome;
  readonly only?: readonly (keyof typeof tinyAbi.calls)[];
  readonly implementations?: readonly Implementation[];
  /** Leaves out the pending state: a fault that tests must find. */
  readonly forgetsPending?: boolean;
}

/** A service of the tiny interface. Counts its calls, so that it has state to save. */
export function tinyService(options: TinyOptions = {}): Service {
  const { name = 'tiny', levels = ['el3', 'el2', 'outside'], version = 1 } = options;
  return perGuest({
    name,
    levels,
    needs: ['power', 'clock'],
    attach: (guest) => {
      let calls = 0;
      const journal: string[] = [];
      const count = (run: (call: Call) => Outcome) => (call: Call) => {
        calls++;
        return run(call);
      };
      const all = {
        version: count((call) => returnInt(call, version)),
        add: count((call) => returnInt(call, ((call.w[0] as number) + (call.w[2] as number)) | 0)),
        start: count((call) => startCpu(guest, call)),
        stop: count(() => OFF),
        sleep: count((call) => sleep(guest, call)),
        power: count((call) => {
          const target = guest.pes[(call.w[0] as number) | 0];
          return returnInt(call, target ? POWER[guest.ports.power.state(target)] : -2);
        }),
        pass: count((call) => options.onPass?.(call, guest) ?? (options.forwards ? FORWARD : returnInt(call, version))),
      };
      const { only } = options;
      const handlers = only
        ? Object.fromEntries(Object.entries(all).filter(([key]) => (only as string[]).includes(key)))
        : all;
      return {
        implementations: options.implementations ?? [implement(tinyAbi, handlers)],
        trapsSmc: options.trapsSmc ?? false,
        entered: (pe: Pe) => void journal.push(`entered ${pe.index}`),
        offCompleted: (pe: Pe) => void journal.push(`gone ${pe.index}`),
        woke: (pe: Pe, resumes?: boolean) => void journal.push(`woke ${pe.index}${resumes ? ' at its entry' : ''}`),
        reset: () => {
          calls = 0;
          journal.length = 0;
        },
        save: (): Saved => ({ calls, journal: [...journal] }),
        restore: (saved: Saved) => {
          if (typeof saved !== 'object' || saved === null || !('calls' in saved))
            throw new RestoreError('tiny: no calls');
          calls = saved.calls as number;
          journal.splice(0, journal.length, ...(saved.journal as string[]));
        },
      };
    },
  });
}

function startCpu(guest: AttachedGuest, call: Call): Outcome {
  const target = guest.pes[(call.w[0] as number) | 0];
  if (!target) return returnInt(call, -2);
  const { power } = guest.ports;
  const state = power.state(target);
  if (state === 'starting') return returnInt(call, -5);
  if (state !== 'off') return returnInt(call, -4);
  const start = power.startState(target);
  start.w[ENTRY_LOW] = call.w[2] as number;
  start.w[ENTRY_HIGH] = call.w[3] as number;
  start.w[CONTEXT_LOW] = call.w[4] as number;
  start.w[CONTEXT_HIGH] = call.w[5] as number;
  start.el = 1;
  start.state = call.pe.state;
  power.start(target);
  return returnInt(call, 0);
}

function sleep(guest: AttachedGuest, call: Call): Outcome {
  const time = (call.w[0] as number) >>> 0;
  const resume = (call.w[2] as number) !== 0;
  if (resume) {
    const start = guest.ports.power.startState(call.pe);
    start.w.set([0x8000, 0, 7, 0]);
  }
  return {
    kind: 'wait',
    until: 'interrupt',
    ...(time === 0 ? {} : { deadline: guest.ports.clock.now() + BigInt(time) }),
    onWake: resume ? 'resume' : 'return',
    results: ['0'],
    why: 'sleep',
  };
}
