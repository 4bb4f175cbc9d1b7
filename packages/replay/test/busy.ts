import {
  defineInterface,
  type GuestPhysical,
  type GuestVirtual,
  implement,
  OFF,
  type Pe,
  type Ports,
  perGuest,
  RETURNED,
  returnHalves,
  returnInt,
  type Service,
  UNDEFINED_INSTRUCTION,
  u64,
  virtualAddressOf,
  type Wait,
} from '@trapline/core';
import { call } from './firmware.js';

/** Numbers of the calls, from this one on in the order below. */
export const FIRST_CALL = 0xc600_0000;

const abi = defineInterface({
  name: 'busy',
  title: 'A service that uses every port',
  source: 'this file',
  calls: {
    look: call(0xc600_0000 | 0, { address: u64 }),
    put: call(0xc600_0001 | 0, { address: u64, value: u64 }),
    change: call(0xc600_0002 | 0, { address: u64, how: u64, bits: u64 }),
    follow: call(0xc600_0003 | 0, { pointer: u64, writes: u64 }),
    clocks: call(0xc600_0004 | 0),
    draw: call(0xc600_0005 | 0),
    pulse: call(0xc600_0006 | 0, { intid: u64 }),
    alarm: call(0xc600_0007 | 0, { delay: u64 }),
    sleep: call(0xc600_0008 | 0),
    nap: call(0xc600_0009 | 0, { delay: u64 }),
    start: call(0xc600_000a | 0, { target: u64, entry: u64, context: u64 }),
    off: call(0xc600_000b | 0),
    disk: call(0xc600_000c | 0, { position: u64, writes: u64 }),
    refuse: call(0xc600_000d | 0),
    copy: call(0xc600_000e | 0, { from: u64, to: u64 }),
    wake: call(0xc600_000f | 0, { target: u64 }),
    again: call(0xc600_0010 | 0, { rest: u64 }),
    suspend: call(0xc600_0011 | 0, { entry: u64, context: u64 }),
    end: call(0xc600_0012 | 0),
  },
});

/** Each call's number, counted from {@link FIRST_CALL}. */
export const CALL = Object.fromEntries(Object.keys(abi.calls).map((name, number) => [name, number])) as Readonly<
  Record<keyof typeof abi.calls, number>
>;

/** How many calls there are before the one that ends the machine. */
export const CALLS = CALL.end;

/** Where it counts its alarms, its host's ticks, its guest's entries. */
export const COUNTS = 0x4000_f000;

/** A disk of its host's. */
export interface Disk {
  readAt(position: number, target: Uint8Array): boolean;
  writeAt(position: number, source: Uint8Array): boolean;
}

/** What its host may do with it. */
export interface BusyHost {
  tick: () => void;
}

/** A service that does to every port what it is asked for, and answers with what it finds. */
export function busy(disk: Disk, host: BusyHost): Service {
  return perGuest({
    name: 'busy',
    levels: ['el2'],
    needs: ['power', 'memory', 'interrupts', 'clock', 'random'],
    attach: ({ ports, pes }) => {
      const counters = new Counters(ports);
      const { memory, interrupts, clock, random, power } = ports;
      const eight = new Uint8Array(8);
      const halves = new Int32Array(eight.buffer);
      host.tick = () => counters.count(0);
      const implementation = implement(abi, {
        look: (c) => {
          const found = memory.read(low(c.w, 0), eight);
          return found ? returnHalves(c, at(halves, 0), at(halves, 1)) : returnInt(c, -1);
        },
        put: (c) => {
          halves[0] = at(c.w, 2);
          halves[1] = at(c.w, 3);
          return returnInt(c, memory.write(low(c.w, 0), eight) ? 0 : -1);
        },
        change: (c) => {
          const words = memory.sharedWords?.(low(c.w, 0), 8);
          if (words === undefined) return returnInt(c, -1);
          const bits = at(c.w, 4) | 0;
          const how = at(c.w, 2) % 5;
          if (how === 4) {
            words.read?.(2, eight.subarray(0, 5));
            words.write?.(1, eight);
            return returnInt(c, at(halves, 0));
          }
          if (how === 3) words.store(1, words.load(0));
          return returnInt(c, how === 0 ? words.or(0, bits) : how === 1 ? words.and(1, bits) : exchange(words, bits));
        },
        follow: (c) => {
          const pointer = virtualAddressOf(at(c.w, 0), at(c.w, 1)) as GuestVirtual;
          const access = at(c.w, 2) === 0 ? 'read' : 'write';
          const address = memory.translate(c.pe, pointer, access) as GuestPhysical;
          if (address < 0) return returnInt(c, -14);
          const done = access === 'read' ? memory.read(address, eight) : memory.write(address, eight);
          return done ? returnHalves(c, at(halves, 0), at(halves, 1)) : returnInt(c, -1);
        },
        clocks: (c) => {
          const { x } = c.pe;
          x[0] = clock.now();
          x[1] = clock.counter();
          x[2] = clock.wall();
          x[3] = clock.stolen(c.pe);
          return RETURNED;
        },
        draw: (c) => {
          if (!random.fill(eight)) return returnInt(c, -1);
          return returnHalves(c, at(halves, 0), at(halves, 1));
        },
        pulse: (c) => {
          const intid = at(c.w, 0) % 32;
          if (intid % 3 === 0) c.pe.pstate ^= 0x80;
          if (intid % 2 === 0) interrupts.pulse(c.pe, intid);
          else interrupts.setLevel(c.pe, intid, at(c.w, 0) > 100);
          const inFlight = interrupts.inFlight?.(c.pe, intid);
          return returnInt(c, (interrupts.pending(c.pe) ? 1 : 0) + (inFlight === undefined ? 0 : inFlight ? 4 : 2));
        },
        alarm: (c) => {
          clock.at(clock.now() + BigInt(at(c.w, 0)), () => {
            counters.count(8);
            interrupts.pulse(c.pe, 9);
          });
          return returnInt(c, 0);
        },
        sleep: () => wait('interrupt'),
        nap: (c) => ({ ...wait('service'), deadline: clock.now() + BigInt(at(c.w, 0)) }),
        start: (c) => {
          const target = pes[at(c.w, 0) % pes.length] as Pe;
          if (power.state(target) !== 'off') return returnInt(c, -4);
          const start = power.startState(target);
          for (let i = 0; i < 4; i++) start.w[i] = at(c.w, 2 + i);
          start.sctlr = 0;
          power.start(target);
          return returnInt(c, 0);
        },
        off: () => OFF,
        disk: (c) => {
          const position = at(c.w, 0) % 4096;
          if (at(c.w, 2) !== 0) disk.writeAt(position, Uint8Array.of(at(c.w, 2), position));
          disk.readAt(position, eight);
          return returnHalves(c, at(halves, 0), at(halves, 1));
        },
        refuse: () => UNDEFINED_INSTRUCTION,
        copy: (c) => {
          const page = new Uint8Array(100);
          return returnInt(c, memory.read(low(c.w, 0), page) && memory.write(low(c.w, 2), page) ? 0 : -1);
        },
        wake: (c) => {
          power.wake(pes[at(c.w, 0) % pes.length] as Pe);
          return returnInt(c, 0);
        },
        again: (c) => {
          c.pe.x[1] = BigInt(at(c.w, 0) >>> 1);
          return { kind: 'again' };
        },
        suspend: (c) => {
          power.startState(c.pe).w.set(c.w.subarray(0, 4));
          return { ...wait('interrupt'), onWake: 'resume' };
        },
        end: () => ({ kind: 'system', event: 'shutdown', detail: {} }),
      });
      return {
        implementations: [implementation],
        entered: () => counters.count(16),
        woke: () => counters.count(24),
        reset: () => {},
        save: () => null,
        restore: () => {},
      };
    },
  });
}

function exchange(
  words: { load(i: number): number; compareExchange(i: number, a: number, b: number): number },
  bits: number,
) {
  return words.compareExchange(0, words.load(0), bits);
}

class Counters {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  count(offset: number): void {
    const bytes = new Uint8Array(8);
    const address = (COUNTS + offset) as GuestPhysical;
    this.#ports.memory.read(address, bytes);
    bytes[0] = (bytes[0] as number) + 1;
    this.#ports.memory.write(address, bytes);
  }
}

const at = (words: ArrayLike<number>, index: number): number => words[index] as number;
const low = (words: ArrayLike<number>, index: number): GuestPhysical => at(words, index) as GuestPhysical;
const wait = (until: Wait['until']): Wait => ({ kind: 'wait', until, onWake: 'return', results: ['7'], why: 'test' });
