import { CompositionError, type GuestPhysical, RestoreError } from '@trapline/core';
import {
  archService,
  type PvTimeOptions,
  pvTimeService,
  STOLEN_TIME_SIZE,
  type StolenTimeUpdates,
} from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { changed, RAM, TestGuest } from './bench-guest.js';

const FEATURES = 0xc500_0020;
const ST = 0xc500_0021;
const AREA = RAM + 0x1000;

function pvTime(options: Partial<PvTimeOptions> = {}): { guest: TestGuest; updates: StolenTimeUpdates } {
  let updates: StolenTimeUpdates | undefined;
  const connect: PvTimeOptions['connect'] = (_, given) => {
    updates = given;
  };
  const service = pvTimeService({ areas: AREA, connect, ...options });
  const guest = new TestGuest([archService(), service], { level: 'el2' });
  return { guest, updates: updates as StolenTimeUpdates };
}

function structure(guest: TestGuest, cpu = 0): DataView {
  const bytes = new Uint8Array(STOLEN_TIME_SIZE);
  guest.guest.ports.memory.read((AREA + cpu * STOLEN_TIME_SIZE) as GuestPhysical, bytes);
  return new DataView(bytes.buffer);
}

function stolen(guest: TestGuest, cpu = 0): bigint {
  return structure(guest, cpu).getBigUint64(8, true);
}

function write(guest: TestGuest, bytes: Uint8Array): void {
  expect(guest.guest.ports.memory.write(AREA as GuestPhysical, bytes)).toBe(true);
}

describe('PV_TIME_FEATURES', () => {
  test('knows both calls, by SMC64', () => {
    const { guest } = pvTime();
    for (const id of [FEATURES, ST]) expect(guest.call(FEATURES, [id])).toBe(0n);
    for (const id of [0x8500_0020, 0xc500_0022, 0]) expect(guest.call(FEATURES, [id])).toBe(-1n);
    expect(guest.call(0x8500_0020, [ST])).toBe(-1n);
  });

  test('is answered for CPUs with an area only', () => {
    const { guest } = pvTime({ areas: [undefined, AREA] });
    expect(guest.call(FEATURES, [ST])).toBe(-1n);
    expect(guest.call(ST)).toBe(-1n);
    guest.cpu(1).powerState = 'running';
    expect(guest.call(FEATURES, [ST], { cpu: 1 })).toBe(0n);
    expect(guest.call(ST, [], { cpu: 1 })).toBe(BigInt(AREA));
  });
});

describe('PV_TIME_ST', () => {
  test('gives each CPU its own structure, blank but for the time', () => {
    const { guest } = pvTime();
    write(guest, new Uint8Array(STOLEN_TIME_SIZE).fill(0xee));
    guest.machine.clock.steal(guest.cpu(0), 1234n);
    expect(guest.call(ST)).toBe(BigInt(AREA));
    expect(changed(guest, 0)).toEqual({ x0: `0x${AREA.toString(16)}` });
    const view = structure(guest);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([0, 0]);
    expect(stolen(guest)).toBe(1234n);
    for (let i = 16; i < STOLEN_TIME_SIZE; i++) expect(view.getUint8(i)).toBe(0);
    guest.cpu(2).powerState = 'running';
    expect(guest.call(ST, [], { cpu: 2 })).toBe(BigInt(AREA + 2 * STOLEN_TIME_SIZE));
    expect(stolen(guest, 2)).toBe(0n);
  });

  test('is not supported where the area is no memory', () => {
    const { guest } = pvTime({ areas: 0x100 * STOLEN_TIME_SIZE });
    expect(guest.call(ST)).toBe(-1n);
    expect(guest.call(FEATURES, [ST])).toBe(0n);
  });

  test('an area that is not aligned is refused', () => {
    expect(() => pvTime({ areas: AREA + 8 })).toThrow(CompositionError);
    expect(() => pvTime({ areas: [-64] })).toThrow('give a multiple of 64');
  });
});

describe('the structure', () => {
  test('is left alone until the guest asks, and current afterwards', () => {
    const { guest, updates } = pvTime();
    guest.machine.clock.steal(guest.cpu(0), 5n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(0n);
    guest.call(ST);
    guest.machine.clock.steal(guest.cpu(0), 2n ** 40n);
    expect(stolen(guest)).toBe(5n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(2n ** 40n + 5n);
  });

  test('holds the clock, whatever the guest writes', () => {
    const { guest, updates } = pvTime();
    guest.call(ST);
    write(guest, new Uint8Array(STOLEN_TIME_SIZE).fill(0xff));
    guest.machine.clock.steal(guest.cpu(0), 7n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(7n);
    expect(structure(guest).getUint32(0, true)).toBe(0xffff_ffff);
  });

  test('is added to from the first run on where the profile accumulates', () => {
    const { guest, updates } = pvTime({ accumulates: true });
    guest.machine.clock.steal(guest.cpu(0), 5n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(5n);
    guest.machine.clock.steal(guest.cpu(0), 6n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(11n);
    guest.call(ST);
    expect(stolen(guest)).toBe(0n);
    guest.machine.clock.steal(guest.cpu(0), 3n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(3n);
  });

  test('accumulating into what is no memory does nothing', () => {
    const { guest, updates } = pvTime({ accumulates: true, areas: 0 });
    guest.machine.clock.steal(guest.cpu(0), 5n);
    expect(() => updates.update(guest.cpu(0))).not.toThrow();
    expect(guest.call(ST)).toBe(-1n);
  });

  test.each([false, true])('goes on after save and restore at any step (accumulates: %s)', (accumulates) => {
    const run = (hop: boolean): bigint[] => {
      const { guest, updates } = pvTime({ accumulates });
      const seen: bigint[] = [];
      const step = (what: () => void): void => {
        if (hop) guest.hop();
        what();
        seen.push(stolen(guest));
      };
      step(() => guest.machine.clock.steal(guest.cpu(0), 9n));
      step(() => updates.update(guest.cpu(0)));
      step(() => guest.call(ST));
      step(() => guest.machine.clock.steal(guest.cpu(0), 4n));
      step(() => updates.update(guest.cpu(0)));
      return seen;
    };
    expect(run(true)).toEqual(run(false));
  });

  test('accumulates after a reset only what is stolen from then on', () => {
    const { guest, updates } = pvTime({ accumulates: true });
    guest.machine.clock.steal(guest.cpu(0), 9n);
    const attachment = guest.guest.services.find(({ service }) => service.name === 'pv-time')?.attachment;
    attachment?.reset();
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(0n);
    guest.machine.clock.steal(guest.cpu(0), 2n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).toBe(2n);
  });

  test('is forgotten by a reset', () => {
    const { guest, updates } = pvTime();
    guest.call(ST);
    guest.guest.reset();
    guest.machine.clock.steal(guest.cpu(0), 9n);
    updates.update(guest.cpu(0));
    expect(stolen(guest)).not.toBe(9n);
  });
});

test('state that is none of its own is refused', () => {
  const attachment = pvTime().guest.guest.services.find(({ service }) => service.name === 'pv-time')?.attachment;
  for (const saved of [null, {}, [], [null], [{ active: 1, last: '0' }, null, null, null]]) {
    expect(() => attachment?.restore(saved)).toThrow(RestoreError);
  }
  expect(() => attachment?.restore(Array.from({ length: 4 }, () => ({ active: true, last: '-1' })))).toThrow('CPU 0');
});
