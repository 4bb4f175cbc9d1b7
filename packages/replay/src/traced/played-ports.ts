import type { ClockPort, InterruptPort, Pe, RandomPort } from '@trapline/core';
import type { InterruptDrive, PortTraffic } from '@trapline/recordings';
import { bytesOf } from '../registers/hex.js';

/** Interrupt lines that answer as a trace says, and keep what is driven. */
export class PlayedInterrupts implements InterruptPort {
  /** Lines driven since a step began. */
  readonly driven: InterruptDrive[] = [];
  #step: PortTraffic = {};

  begin(step: PortTraffic): void {
    this.#step = step;
    this.driven.length = 0;
  }

  setLevel(pe: Pe, intid: number, asserted: boolean): void {
    this.driven.push({ cpu: pe.index, intid, change: asserted ? 'asserted' : 'deasserted' });
  }

  pulse(pe: Pe, intid: number): void {
    this.driven.push({ cpu: pe.index, intid, change: 'pulsed' });
  }

  pending(pe: Pe): boolean {
    return this.#step.pending?.includes(pe.index) ?? false;
  }

  inFlight(pe: Pe, intid: number): boolean | undefined {
    return this.#step.inFlight?.find((one) => one.cpu === pe.index && one.intid === intid)?.is;
  }
}

interface Alarm {
  readonly time: bigint;
  readonly fire: () => void;
}

/** A clock that stands where a trace says, and whose alarms go off when it says so. */
export class PlayedClock implements ClockPort {
  readonly frequency: number;
  readonly #alarms = new Set<Alarm>();
  readonly #readings = { now: 0n, counter: 0n, wall: 0n };
  readonly #stolen = new Map<number, bigint>();

  constructor(frequency: number, { time }: PortTraffic) {
    this.frequency = frequency;
    this.begin({ ...(time !== undefined && { time }) });
  }

  begin({ time = {} }: PortTraffic): void {
    for (const name of ['now', 'counter', 'wall'] as const) {
      const reading = time[name];
      if (reading !== undefined) this.#readings[name] = BigInt(reading);
    }
    for (const [cpu, reading] of Object.entries(time.stolen ?? {})) this.#stolen.set(Number(cpu), BigInt(reading));
  }

  now(): bigint {
    return this.#readings.now;
  }

  counter(): bigint {
    return this.#readings.counter;
  }

  wall(): bigint {
    return this.#readings.wall;
  }

  stolen(pe: Pe): bigint {
    return this.#stolen.get(pe.index) ?? 0n;
  }

  at(time: bigint, fire: () => void): () => void {
    const alarm: Alarm = { time, fire };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Lets the first alarm go off that is set for a time; false where there is none. */
  ring(time: bigint): boolean {
    for (const alarm of this.#alarms) {
      if (alarm.time !== time) continue;
      this.#alarms.delete(alarm);
      alarm.fire();
      return true;
    }
    return false;
  }
}

/** Entropy as a trace has it, draw by draw. */
export class PlayedRandom implements RandomPort {
  #draws: PortTraffic['random'] & object = [];
  #next = 0;

  begin({ random = [] }: PortTraffic): void {
    this.#draws = random;
    this.#next = 0;
  }

  fill(target: Uint8Array): boolean {
    const draw = this.#draws[this.#next++];
    if (draw === undefined || draw === null) return false;
    target.set(bytesOf(draw).subarray(0, target.length));
    return true;
  }
}
