import {
  defineInterface,
  type GuestPhysical,
  implement,
  OFF,
  type Outcome,
  type Pe,
  type PowerPort,
  perGuest,
  returnHalves,
  returnInt,
  type Service,
  type StartState,
  setResult,
  UNDEFINED_INSTRUCTION,
  u64,
  type Wait,
} from '@trapline/core';
import { bareMachine, type Subjects } from '@trapline/replay';

/** A call that only tests have. */
export const call = (id: number, args: Readonly<Record<string, typeof u64>> = {}) => ({
  id,
  since: '1',
  clause: 'test',
  summary: 'for tests',
  arguments: args,
  returns: u64,
});

/** Numbers of the firmware under test. They are PSCI's where PSCI has such a call. */
const abi = defineInterface({
  name: 'small',
  title: 'A small firmware',
  source: 'this file',
  calls: {
    version: call(0x8400_0000),
    suspend: call(0xc400_0001 | 0, { powerdown: u64, entry: u64, context: u64 }),
    off: call(0x8400_0002),
    on: call(0xc400_0003 | 0, { target: u64, entry: u64, context: u64 }),
    affinity: call(0xc400_0004 | 0, { target: u64 }),
    shutdown: call(0x8400_0008),
    reset: call(0x8400_0009),
    sleep: call(0xc400_000e | 0, { entry: u64, context: u64 }),
    uid: call(0x8400_ff01),
    store: call(0xc600_0001 | 0, { address: u64, value: u64 }),
    undefined: call(0x8600_0002),
    leave: call(0x8600_0003),
    crash: call(0x8600_0004),
  },
});

/** What is wrong with the firmware, for one test. */
export interface Faults {
  /** Results of `version`, in place of the right ones: X0 low and high, then further registers. */
  readonly version?: readonly [number, number];
  readonly clobbers?: readonly [register: number, value: bigint];
  readonly hidesPending?: true;
  readonly startsWith?: (start: StartState) => void;
  readonly wakes?: (start: StartState) => void;
  readonly ignoresTimer?: true;
  readonly returnsFromPowerdown?: true;
  readonly offReturns?: true;
  readonly neverOff?: true;
  readonly resetInstead?: true;
  readonly storesAt?: number;
  readonly storedByte?: number;
  readonly returnOffset?: number;
  readonly syndrome?: number;
  readonly noException?: true;
  readonly uidWord?: number;
}

const wait = (onWake: Wait['onWake'], until: Wait['until']): Wait => ({ kind: 'wait', until, onWake, why: 'test' });
const system = (event: 'shutdown' | 'reset' | 'suspend'): Outcome => ({ kind: 'system', event, detail: {} });

/** A firmware small enough to be seen through, right unless told otherwise. */
export function firmware(faults: Faults = {}): Service {
  return perGuest({
    name: 'small',
    levels: ['el3', 'outside'],
    needs: ['power', 'memory'],
    attach: (guest) => {
      const { power, memory } = guest.ports;
      const begin = (pe: Pe, from: Pe, w: Uint32Array, first: number) => fill(power, pe, from, w, first, faults);
      const implementation = implement(
        abi,
        {
          version: (c) => {
            const { clobbers } = faults;
            if (clobbers) c.pe.x[clobbers[0]] = clobbers[1];
            return returnHalves(c, ...(faults.version ?? [0x1_0001, 0]));
          },
          uid: (c) => {
            returnHalves(c, 0x1111_1111, 0);
            setResult(c, 1, faults.uidWord ?? 0x2222_2222, 0);
            setResult(c, 2, 0x3333_3333, 0);
            setResult(c, 3, 0x4444_4444, 0);
            return { kind: 'returned' };
          },
          suspend: (c) => {
            const powerdown = (c.w[0] as number) !== 0;
            if (powerdown && faults.returnsFromPowerdown) return returnInt(c, 0);
            if (powerdown) begin(c.pe, c.pe, c.w, 2);
            const until = faults.ignoresTimer ? 'never' : 'interrupt';
            return { ...wait(powerdown ? 'resume' : 'return', until), results: ['0'] };
          },
          off: (c) => (faults.offReturns ? returnInt(c, -3) : faults.neverOff ? wait('return', 'never') : OFF),
          on: (c) => {
            const target = guest.pes[c.w[0] as number];
            if (!target) return returnInt(c, -2);
            if (power.state(target) !== 'off') return returnInt(c, -4);
            begin(target, c.pe, c.w, 2);
            power.start(target);
            return returnInt(c, 0);
          },
          affinity: (c) => {
            const target = guest.pes[c.w[0] as number];
            if (!target) return returnInt(c, -2);
            const state = power.state(target);
            const pending = faults.hidesPending ? 0 : 2;
            return returnInt(c, state === 'starting' ? pending : state === 'off' ? 1 : 0);
          },
          shutdown: () => system(faults.resetInstead ? 'reset' : 'shutdown'),
          reset: () => system('reset'),
          sleep: (c) => {
            begin(c.pe, c.pe, c.w, 0);
            return system('suspend');
          },
          store: (c) => {
            const address = (faults.storesAt ?? Number(c.x[0])) as GuestPhysical;
            const bytes = Uint8Array.of(faults.storedByte ?? (c.w[2] as number), 0xee);
            return returnInt(c, memory.write(address, bytes) ? 0 : -14);
          },
          undefined: (c) => {
            if (faults.noException) return returnInt(c, -1);
            const { returnOffset, syndrome } = faults;
            return {
              ...UNDEFINED_INSTRUCTION,
              ...(returnOffset === undefined ? {} : { returnOffset }),
              ...(syndrome === undefined ? {} : { syndrome }),
            };
          },
          leave: () => ({ kind: 'exit', reason: 'test', data: {} }),
          crash: () => {
            throw new Error('a fault of the service');
          },
        },
        { ranges: [{ from: 0, to: 0xffff_ffff, fallback: true, handler: (c) => returnInt(c, -1) }] },
      );
      return { implementations: [implementation], reset: () => {}, save: () => null, restore: () => {} };
    },
  });
}

function fill(power: PowerPort, pe: Pe, from: Pe, w: Uint32Array, first: number, faults: Faults): void {
  const start = power.startState(pe);
  start.w.set(w.subarray(first, first + 4));
  start.el = 1;
  start.state = from.state;
  start.sctlr = 0xc5_0838;
  if (pe === from) faults.wakes?.(start);
  else faults.startsWith?.(start);
}

/** The firmware as what answers for the package `small`. */
export function subjects(faults: Faults = {}): Subjects {
  return {
    small: (setting) => bareMachine(setting, { services: { outside: [firmware(faults)] } }),
  };
}
