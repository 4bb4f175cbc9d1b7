import { PC } from '@trapline/core';
import { archService, type SdeiEvent, type SdeiOptions, type SdeiSignals, sdeiAbi, sdeiService } from '@trapline/smccc';
import { expect } from 'vitest';
import { type How, TestGuest } from './bench-guest.js';

export const { calls } = sdeiAbi;
export const HANDLER = 0xffff_8000_1234_5678n;
export const ARGUMENT = 0xfeed_0000_0000_0042n;
export const INVALID = -2n;
export const DENIED = -3n;
export const PENDING = -5n;
export const OUT_OF_RESOURCE = -10n;

/** Events of every kind. */
export const EVENTS: readonly SdeiEvent[] = [
  { number: 8, interrupt: 23 },
  { number: 9, interrupt: 24, critical: true },
  { number: 100, shared: true, interrupt: 64 },
  { number: 101, shared: true, interrupt: 65, critical: true },
  { number: 200, dynamic: true },
  { number: 201, shared: true, dynamic: true },
];

/** A guest at EL1 whose four CPUs run, with events. */
export class SdeiGuest extends TestGuest {
  readonly signals: SdeiSignals;

  constructor(options: SdeiOptions = {}) {
    let given: SdeiSignals | undefined;
    const connect: SdeiOptions['connect'] = (_, signals) => {
      given = signals;
    };
    super([archService(), sdeiService({ events: EVENTS, connect, ...options })], {
      vcpus: Array.from({ length: 4 }, () => ({ power: 'running' as const })),
    });
    this.signals = given as SdeiSignals;
  }

  sdei(name: keyof typeof calls, args: readonly (number | bigint)[] = [], how: How = {}): bigint {
    return this.call(calls[name].id, args, how);
  }

  /** Registers a handler and enables it. */
  ready(event: number, cpu = 0, flags = 0, affinity = 0): void {
    expect(this.sdei('eventRegister', [event, HANDLER + BigInt(event), ARGUMENT, flags, affinity], { cpu })).toBe(0n);
    expect(this.sdei('eventEnable', [event], { cpu })).toBe(0n);
  }

  /** Readies and unmasks. */
  listen(event: number, cpu = 0): void {
    this.ready(event, cpu);
    expect(this.sdei('peUnmask', [], { cpu })).toBe(0n);
  }

  /** The event whose handler a CPU has just been sent to. */
  handling(cpu = 0): bigint | undefined {
    const pc = this.cpu(cpu).x[PC] as bigint;
    return pc >= HANDLER && pc <= HANDLER + 0xffffn ? pc - HANDLER : undefined;
  }

  status(event: number, cpu = 0): bigint {
    return this.sdei('eventStatus', [event], { cpu });
  }
}
