import { type Outcome, PC, type Service } from '@trapline/core';
import { firmware } from '@trapline/psci';
import { Event, Field, Flag, HEAD_BYTES, MonitorError, PSTATE_SLOT } from '@trapline/qemu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registerOf } from './fake-link.js';
import { call, EL1H, HVC64, setup, VERSION } from './fake-machine.js';

describe('calls', () => {
  test('the first CPU begins after the reset, anew, with what the loader says', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const told = link.told[0];
    expect(told).toMatchObject({ how: 'resume', flags: Flag.restart, hcr: 0x8000_0000n });
    expect(registerOf(told as never, 0)).toBe(0x4800_0000n);
    expect(registerOf(told as never, PC)).toBe(0x4020_0000n);
    expect(registerOf(told as never, PSTATE_SLOT)).toBe(BigInt(EL1H));
  });

  test('an SMC that EL3 took returns behind it', () => {
    const { link } = setup(1, { services: { el3: [firmware({ version: '1.1' })] } });
    const told = link.ring(0, call(0x4020_0104), [VERSION]);
    expect(told).toMatchObject({ how: 'resume', flags: 0 });
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('an HVC that EL2 took returns behind it', () => {
    const { link } = setup(1, { services: { el2: [firmware({ version: '1.1' })] } });
    const event = Event.el2 | Event.sync;
    const told = link.ring(0, call(0x4020_0104, { [Field.event]: event, [Field.esr]: HVC64 }), [VERSION]);
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('an SMC that EL2 trapped is stepped over', () => {
    const service = firmware({ version: '1.1', conduit: 'smc', trapsSmc: true });
    const { link } = setup(1, { services: { el2: [service] } });
    expect((link.told[0]?.hcr ?? 0n) & 0x8_0000n).toBe(0x8_0000n);
    const told = link.ring(0, call(0x4020_0100, { [Field.event]: Event.el2 | Event.sync }), [VERSION]);
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('a call that nobody may make is undefined at the caller: vector, syndrome and return address are EL1’s', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const event = Event.el2 | Event.sync;
    const frame = { [Field.event]: event, [Field.esr]: HVC64, [Field.vbarEl1]: 0xffff_8000_0801_0000n };
    const told = link.ring(0, call(0x4020_0104, frame), [VERSION]);
    expect(told).toMatchObject({ how: 'resume', flags: Flag.exception });
    expect(registerOf(told, PC)).toBe(0xffff_8000_0801_0200n);
    expect(told.head[Field.elrEl1 / 8]).toBe(0x4020_0100n);
    expect(told.head[Field.esrEl1 / 8]).toBe(0x0200_0000n);
    expect(told.head[Field.spsrEl1 / 8]).toBe(BigInt(EL1H));
  });

  test('an AArch32 caller’s SMC is answered in its registers', () => {
    const { link } = setup(1, { services: { el3: [firmware({ version: '1.1' })] } });
    const pstate = { [Field.event]: Event.sync32, [0x100 + 8 * PSTATE_SLOT]: 0x1d3 };
    const told = link.ring(0, call(0x4020_0104, { ...pstate, [Field.esr]: 0x4e00_0000 }), [VERSION]);
    expect(registerOf(told, 0)).toBe(0x1_0001n);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
  });

  test('an AArch32 SMC whose condition does not hold is stepped over, and no call', () => {
    const { link, machine } = setup(1, { services: { el2: [firmware({ trapsSmc: true })] } });
    const calls: unknown[] = [];
    machine.calls$.subscribe((one) => calls.push(one));
    // CV, condition EQ, with PSTATE.Z clear.
    const frame = {
      [Field.event]: Event.el2 | Event.sync32,
      [Field.esr]: 0x4f00_0000,
      [0x100 + 8 * PSTATE_SLOT]: 0x1d3,
    };
    const told = link.ring(0, call(0x4020_0100, frame), [VERSION]);
    expect(registerOf(told, PC)).toBe(0x4020_0104n);
    expect(registerOf(told, 0)).toBe(BigInt(VERSION));
    expect(calls).toHaveLength(0);
  });

  test('an exception that is no call ends the machine in words', () => {
    const { link, faults } = setup(1, { services: { el3: [firmware()] } });
    link.ring(0, call(0x4020_0104, { [Field.esr]: 0x9600_0045, [Field.far]: 0x1234 }));
    expect(faults[0]).toBeInstanceOf(MonitorError);
    expect(faults[0]?.message).toMatch(/CPU 0 .* EL3, vector 8: ESR 0x96000045, FAR 0x1234/);
    link.ring(0, { [Field.event]: 0x4 });
    expect(faults).toHaveLength(1);
  });

  test('a service that throws is a fault of the machine, not of the process', () => {
    const broken: Service = { ...firmware(), start: () => ({ ...firmware().start(), attach: throwing }) } as Service;
    const { link, faults } = setup(1, { services: { el3: [broken] } });
    link.ring(0, call(0x4020_0104), [VERSION]);
    expect(faults.map(String)).toEqual(['Error: broken']);
  });
});

function throwing(guest: Parameters<ReturnType<Service['start']>['attach']>[0]): never {
  const attachment = firmware().start().attach(guest);
  const entries = attachment.implementations.map((one) => ({
    ...one,
    entries: one.entries.map((entry) => ({
      ...entry,
      handler: (): Outcome => {
        throw new Error('broken');
      },
    })),
  }));
  return { ...attachment, implementations: entries } as never;
}

test('whatever a mailbox holds, the machine goes on or ends in words', () => {
  const words = fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: HEAD_BYTES / 8, maxLength: HEAD_BYTES / 8 });
  const event = fc.oneof(fc.constantFrom(0x08, 0x0a, 0x0c, 0x0e, 0x28, 0x2c, 0x40, 0x41), fc.nat(0x7f));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1), event, words), { maxLength: 8 }), (rings) => {
      const { link, faults } = setup(2, { services: { el2: [firmware()], el3: [firmware()] } });
      for (const [cpu, what, garbage] of rings) {
        link.heads[cpu]?.set(garbage);
        link.ring(cpu, { [Field.event]: what });
      }
      expect(faults.every((fault) => fault instanceof MonitorError)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
